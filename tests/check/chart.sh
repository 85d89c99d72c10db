#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lints and templates the chart, in its usual and its fullest form, and sees that its schema refuses
# what it should with a message that names the value. HELM: the helm to use.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly chart=helm/troupe
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0

fail() {
  echo "chart: $*"
  status=1
}

template() { "$HELM" template agents "$chart" --kube-version 1.27.0 --namespace monitoring "$@"; }

# What the text holds, line for line.
expect() { # file text
  grep -qF -- "$2" "$1" || fail "$(basename "$1") lacks: $2"
}

refused() { # message --set...
  local message=$1
  shift
  if template "$@" >/dev/null 2>"$folder/error"; then
    fail "accepted: $*"
  elif ! grep -qF -- "$message" "$folder/error"; then
    fail "$* is refused without saying \"$message\": $(tr '\n' ' ' <"$folder/error")"
  fi
}

"$HELM" lint --strict --quiet "$chart" || status=1

template >"$folder/usual"
expect "$folder/usual" 'kind: DaemonSet'
expect "$folder/usual" 'add: ["BPF","PERFMON","SYS_PTRACE","NET_ADMIN","DAC_READ_SEARCH","SYS_RESOURCE"]'
expect "$folder/usual" 'readOnlyRootFilesystem: true'
expect "$folder/usual" 'hostPID: true'
expect "$folder/usual" 'hostNetwork: false'
expect "$folder/usual" 'listen: 0.0.0.0:9912'
expect "$folder/usual" 'image: "troupe:0.1.0"'
expect "$folder/usual" 'clusterIP: None'

template --set security.sysAdmin=true --set podMonitor.enabled=true --set hostNetwork=true \
  --set port=9000 --set config.tick_interval=10s --set 'config.docker_sockets={/run/docker.sock}' \
  --set 'extraHostPaths={/var/snap/microk8s/common/run}' --set security.appArmorProfile=Unconfined \
  --set image.digest="sha256:$(printf '0%.0s' {1..64})" >"$folder/full"
expect "$folder/full" '"SYS_ADMIN"]'
expect "$folder/full" 'kind: PodMonitor'
expect "$folder/full" 'hostNetwork: true'
expect "$folder/full" 'listen: 0.0.0.0:9000'
expect "$folder/full" 'tick_interval: 10s'
expect "$folder/full" 'mountPath: /host/var/snap/microk8s/common/run'
expect "$folder/full" 'image: "troupe@sha256:0000'
expect "$folder/full" 'container.apparmor.security.beta.kubernetes.io/agent: unconfined'

template --set workloads.enabled=true >"$folder/api"
expect "$folder/api" 'automountServiceAccountToken: true'
expect "$folder/api" 'resources: [pods]'
expect "$folder/api" 'fieldPath: spec.nodeName'
# shellcheck disable=SC2016 # the kubelet expands it
expect "$folder/api" 'https://kubernetes.default.svc/api/v1/pods?fieldSelector=spec.nodeName%3D$(NODE)&resourceVersion=0'
expect "$folder/api" 'value: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt'

template --set workloads.enabled=true --set workloads.source=kubelet \
  --set workloads.caFile=insecure --set 'env[0].name=A' >"$folder/kubelet"
expect "$folder/kubelet" 'resources: [nodes/proxy]'
# shellcheck disable=SC2016 # the kubelet expands it
expect "$folder/kubelet" 'https://$(NODE):10250/pods'
expect "$folder/kubelet" 'value: insecure'
expect "$folder/kubelet" '- name: A'

# Without it there is neither a role nor a token.
if grep -qE 'ClusterRole|automountServiceAccountToken: true' "$folder/usual" "$folder/full"; then
  fail 'a role or a token where nobody asked for workloads'
fi

refused 'workloads.source' --set workloads.source=etcd
refused 'Additional property prot is not allowed' --set prot=9000
refused 'config: Additional property tick_intervall is not allowed' --set config.tick_intervall=5s
refused 'config.tick_interval' --set config.tick_interval=5
refused 'port: Must be less than or equal to 65535' --set port=99999
refused 'security.capabilities.0' --set 'security.capabilities={SYS_MODULE}'
refused 'image.pullPolicy' --set image.pullPolicy=Sometimes
refused 'hostPaths.0' --set 'hostPaths={run}'

# The schema knows exactly the settings that the agent knows; the chart sets two of them itself.
# shellcheck disable=SC2016 # the backquotes are those of Markdown
documented=$(sed -nE 's/^\| `--.*\| `TROUPE_[A-Z0-9_]+` \| `([a-z0-9_]+)` \|.*/\1/p' docs/configuration.md | sort)
in_schema=$({
  python3 -c '
import json, sys
print(*json.load(open(sys.argv[1]))["properties"]["config"]["properties"], sep="\n")' \
    "$chart/values.schema.json"
  printf 'host_root\nlisten\n'
} | sort)
diff <(echo "$documented") <(echo "$in_schema") \
  || fail 'values.schema.json and docs/configuration.md know different settings ("<" documented, ">" in the schema)'

exit "$status"
