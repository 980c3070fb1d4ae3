#!/usr/bin/env bash
# The figures of docs/benchmarks.md, one after the other. Needs wrk and kubectl. A part alone: bench/run.sh micro|up|acks|objects|triggers|api|runs|listeners
# HIKIGANE=artifacts/publish/hikigane measures the native binary, which make publish makes.
set -euo pipefail
cd "$(dirname "$0")/.."
part=${1:-all}
for tool in wrk kubectl; do command -v "$tool" >/dev/null || { echo "bench: $tool is not on the PATH"; exit 1; }; done
[ -n "${HIKIGANE:-}" ] || dotnet build -c Release -v q src/Cli >/dev/null
dotnet build -c Release -v q bench/Load >/dev/null
hikigane=${HIKIGANE:-artifacts/bin/Cli/release/hikigane}
load=artifacts/bin/Load/release/Hikigane.Load
data=$(mktemp -d)

wants() { [ "$part" = all ] || [ "$part" = "$1" ]; }
memory() { awk '/VmRSS/ {printf "resident memory, %s: %.0f MB\n", what, $2 / 1024}' what="$1" "/proc/$server/status"; }

if wants micro; then dotnet run -c Release --project bench/Micro; fi
[ "$part" != micro ] || exit 0
if wants listeners; then bench/listeners.sh "$hikigane"; fi
[ "$part" != listeners ] || exit 0
if wants up; then "$hikigane" demo | grep -E 'started in|green'; fi

"$hikigane" up --data "$data/state" --port 0 >"$data/up.log" 2>&1 &
server=$!
trap 'kill $server; wait $server 2>/dev/null || true; rm -rf "$data"' EXIT
until grep -q events "$data/up.log"; do sleep 0.1; done
head -1 "$data/up.log"
sleep 3
memory idle
export KUBECONFIG="$data/state/kubeconfig"
kubectl apply -f bench/listener.yaml -f bench/github.yaml -f bench/first-step.yaml >/dev/null
bench/thousand.sh | kubectl apply -f - >/dev/null
kubectl wait --for=condition=Ready pod -l app.kubernetes.io/managed-by=EventListener --timeout=30s >/dev/null
memory "four listeners"
url() { awk '/events/ {print $2}' "$data/up.log" | sed "s#NAMESPACE/LISTENER#default/$1#"; }

if wants acks; then
  "$load" acks "$(url lamp)" 1000 10 # first: after a saturation the disk catches up for some seconds
  wrk -t1 -c64 -d4s -s bench/push.lua "$(url lamp)" >/dev/null # warm
  for connections in 1 16 64; do
    echo "acks, one CEL filter, $connections connections: $(wrk -t1 -c"$connections" -d6s --latency -s bench/push.lua "$(url lamp)" \
      | awk '/Requests\/sec/ {r=$2} /50%/ {a=$2} /99%/ {b=$2} /Non-2xx/ {e=" NOT ALL ACCEPTED"} END {print r "/s, p50 " a ", p99 " b e}')"
  done
  memory "after these events"
fi
if wants objects; then "$load" objects "$(url github)" "$KUBECONFIG" 5000; fi
if wants triggers; then
  for _ in 1 2 3 4 5 6; do
    curl -s -o /dev/null -w 'one event, 1,000 triggers, all decided: %{time_total} s\n' -H 'Content-Type: application/json' \
      -d '{"ref":"refs/heads/500"}' "$(url thousand)?wait=5s"
  done | tail -3
fi
if wants api; then
  TOKEN=$(awk '/token:/ {print $2}' "$KUBECONFIG")
  export TOKEN
  for connections in 1 16 64; do
    echo "API creates, $connections connections: $(wrk -t1 -c"$connections" -d6s --latency -s bench/create.lua \
      "$(awk '/server:/ {print $2}' "$KUBECONFIG")/api/v1/namespaces/default/configmaps" \
      | awk '/Requests\/sec/ {r=$2} /50%/ {a=$2} /99%/ {b=$2} /Non-2xx/ {e=" NOT ALL CREATED"} END {print r "/s, p50 " a ", p99 " b e}')"
  done
  "$load" watchers "$KUBECONFIG" 10000
fi
if wants runs; then
  "$load" first-step "$(url first-step)" "$KUBECONFIG" 20
  "$load" runs "$KUBECONFIG" 1000
  memory "after 1,000 runs"
fi
