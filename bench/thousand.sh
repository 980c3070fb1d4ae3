#!/usr/bin/env bash
# An EventListener with a thousand inline triggers, on standard output.
cat <<'HEAD'
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: {name: thousand}
spec:
  serviceAccountName: el
  triggers:
HEAD
for i in $(seq 1000); do
  echo "  - {name: t$i, interceptors: [{ref: {name: cel}, params: [{name: filter, value: \"body.ref == 'refs/heads/$i' && has(body.repository)\"}]}], template: {ref: none}}"
done
