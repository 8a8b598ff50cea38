-- While a Project is suspended nothing is looked at, so there is nothing to ask for but to go on.
local suspended = obj.spec ~= nil and obj.spec.suspend == true
return {
  reconcile = { disabled = suspended },
  suspend = { disabled = suspended },
  resume = { disabled = not suspended },
}
