{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{- define "troupe.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The release's name, unless it already says troupe. */}}
{{- define "troupe.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "troupe.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "troupe.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "troupe.selectorLabels" -}}
app.kubernetes.io/name: {{ include "troupe.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "troupe.labels" -}}
{{ include "troupe.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: agent
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "troupe.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "troupe.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "troupe.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* "/var/run" -> "host-var-run" */}}
{{- define "troupe.volumeName" -}}
{{- printf "host%s" (. | lower | replace "/" "-" | replace "." "-" | replace "_" "-") | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "troupe.capabilities" -}}
{{- $all := .Values.security.capabilities -}}
{{- if .Values.security.sysAdmin -}}{{- $all = append $all "SYS_ADMIN" -}}{{- end -}}
{{- $all | uniq | toJson -}}
{{- end -}}

{{/* The pods of this node alone; the API server may answer from its cache. */}}
{{- define "troupe.workloadsEnvironment" -}}
{{- $secrets := "/var/run/secrets/kubernetes.io/serviceaccount" -}}
- name: NODE
  valueFrom: {fieldRef: {fieldPath: {{ ternary "spec.nodeName" "status.hostIP" (eq .Values.workloads.source "api") }}}}
- name: TROUPE_WORKLOADS_URL
  {{- if eq .Values.workloads.source "api" }}
  value: https://kubernetes.default.svc/api/v1/pods?fieldSelector=spec.nodeName%3D$(NODE)&resourceVersion=0
  {{- else }}
  value: https://$(NODE):10250/pods
  {{- end }}
- name: TROUPE_WORKLOADS_TOKEN_FILE
  value: {{ $secrets }}/token
- name: TROUPE_WORKLOADS_CA_FILE
  value: {{ default (printf "%s/ca.crt" $secrets) .Values.workloads.caFile }}
- name: TROUPE_WORKLOADS_INTERVAL
  value: {{ .Values.workloads.interval }}
{{- end -}}
