#!/usr/bin/env bash
# Start-up, demo, idle memory, and acknowledged events per second (durable, one CEL filter that says no). Needs wrk and kubectl.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in wrk kubectl; do command -v "$tool" >/dev/null || { echo "bench: $tool is not on the PATH"; exit 1; }; done
dotnet build -c Release -v q src/Cli >/dev/null
hikigane=artifacts/bin/Cli/release/hikigane
data=$(mktemp -d)
"$hikigane" demo | grep -E 'started in|green'
"$hikigane" up --data "$data/state" --port 0 >"$data/up.log" &
server=$!
trap 'kill $server; wait $server 2>/dev/null || true; rm -rf "$data"' EXIT
until grep -q events "$data/up.log"; do sleep 0.1; done
head -1 "$data/up.log"
grep VmRSS "/proc/$server/status"
export KUBECONFIG="$data/state/kubeconfig"
kubectl apply -f bench/listener.yaml
kubectl wait --for=condition=Ready pod -l eventlistener=lamp --timeout=20s
url=$(awk '/events/ {print $2}' "$data/up.log" | sed 's#NAMESPACE/LISTENER#default/lamp#')
for connections in 1 16 64; do
  echo "connections: $connections"
  wrk -t1 -c"$connections" -d6s --latency -s bench/push.lua "$url" | grep -E 'Requests/sec|50%|99%|Non-2xx'
done
grep VmRSS "/proc/$server/status"
