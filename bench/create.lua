-- ConfigMaps of some 700 bytes, each with a name of its own; TOKEN is the bearer token of the kubeconfig.
local made = 0
local run = tostring(os.time())
local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("TOKEN") }
local text = string.rep("x", 500)
request = function()
  made = made + 1
  return wrk.format("POST", nil, headers, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"load-' .. run .. '-' .. made
    .. '","labels":{"bench":"create"}},"data":{"text":"' .. text .. '"}}')
end
