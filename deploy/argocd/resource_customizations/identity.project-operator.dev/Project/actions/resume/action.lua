-- What the definition has by default: with nothing in Git there is no difference to it.
obj.spec.suspend = false
return obj
