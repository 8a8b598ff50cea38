-- A ClusterIdentityBackend follows kstatus: `Ready` is there once the operator has looked, `Reconciling` and
-- `Stalled` only while True, never both. `status.observedGeneration` is -1 on a new object, so nothing counts
-- that was said of an older spec. No string library: Argo CD runs scripts from argocd-cm without it.
local function condition(type)
  if obj.status ~= nil and obj.status.conditions ~= nil then
    for _, one in ipairs(obj.status.conditions) do
      if one.type == type then
        return one
      end
    end
  end
  return nil
end

local function current(one)
  return one ~= nil and one.observedGeneration == obj.metadata.generation
end

local ready = condition("Ready")
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation or not current(ready) then
  return { status = "Progressing", message = "Waiting for the operator to look at this generation" }
end

local stalled = condition("Stalled")
if stalled ~= nil and stalled.status == "True" then
  return { status = "Degraded", message = stalled.message }
end
if ready.status == "True" then
  return { status = "Healthy", message = ready.message }
end
return { status = "Progressing", message = ready.message }
