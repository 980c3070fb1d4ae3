#!/usr/bin/env bash
# Fifty EventListeners, one CEL filter each: time until all serve, memory of `up` before and after an event to each; and the memory of one
# `hikigane listener` as a process of its own, idle and under load. Called by bench/run.sh listeners; needs wrk, kubectl and curl.
set -euo pipefail
cd "$(dirname "$0")/.."
hikigane=$1
count=${2:-50}
data=$(mktemp -d)
"$hikigane" up --data "$data/state" --port 0 >"$data/up.log" 2>&1 &
server=$!
listener=
trap 'kill $server $listener 2>/dev/null; wait 2>/dev/null || true; rm -rf "$data"' EXIT
until grep -q events "$data/up.log"; do sleep 0.1; done
memory() { awk '/VmRSS/ {rss = $2} /VmHWM/ {peak = $2} END {printf "resident memory, %s: %.0f MB (most so far: %.0f MB)\n", what, rss / 1024, peak / 1024}' what="$2" "/proc/$1/status"; }
now() { date +%s.%N; }
export KUBECONFIG="$data/state/kubeconfig"
url() { awk '/events/ {print $2}' "$data/up.log" | sed "s#NAMESPACE/LISTENER#default/$1#"; }

sleep 3
memory $server "up, idle"

# The accounts and the one listener of bench/listener.yaml, then as many copies of it.
sed '/^kind: EventListener/,$d' bench/listener.yaml | sed '$d' | sed '$d' >"$data/accounts.yaml"
kubectl apply -f "$data/accounts.yaml" >/dev/null
for i in $(seq "$count"); do
  echo '---'
  sed -n '/^kind: EventListener/,$p' bench/listener.yaml | sed "1i apiVersion: triggers.tekton.dev/v1beta1" | sed "s/{name: lamp}/{name: lamp-$i}/"
done >"$data/listeners.yaml"

started=$(now)
kubectl apply -f "$data/listeners.yaml" >/dev/null
applied=$(now)
for i in $(seq "$count"); do
  until curl -sf -o /dev/null "$(url "lamp-$i")/live"; do sleep 0.05; done
done
served=$(now)
kubectl wait --for=condition=Ready eventlistener --all --timeout=60s >/dev/null
echo "$count listeners: applied in $(awk "BEGIN {printf \"%.1f\", $applied - $started}") s (kubectl), all serve after $(awk "BEGIN {printf \"%.1f\", $served - $started}") s," \
  "all Ready after $(awk "BEGIN {printf \"%.1f\", $(now) - $started}") s"
sleep 3
memory $server "up, $count listeners"

for i in $(seq "$count"); do
  curl -sf -o /dev/null -H 'Content-Type: application/json' -d '{"ref":"refs/heads/x"}' "$(url "lamp-$i")?wait=5s" || echo "lamp-$i did not accept its event"
done
memory $server "up, after an event to each"

"$hikigane" listener --el-name lamp-1 --el-namespace default --kubeconfig "$KUBECONFIG" --data "$data/alone" --port 0 >"$data/listener.log" 2>&1 &
listener=$!
until grep -q 'on port' "$data/listener.log"; do sleep 0.1; done
port=$(awk '{print $NF; exit}' "$data/listener.log")
sleep 3
memory $listener "one listener as a process, idle"
wrk -t1 -c64 -d8s --latency -s bench/push.lua "http://127.0.0.1:$port/" | awk '/Requests\/sec/ {print "one listener as a process, 64 connections: " $2 "/s"}'
memory $listener "one listener as a process, after load"
