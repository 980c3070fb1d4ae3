wrk.method = "POST"
wrk.body = "{\"ref\":\"refs/heads/x\"}"
wrk.headers["Content-Type"] = "application/json"
