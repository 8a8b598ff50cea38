{{- define "project-operator.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Fifty characters: the longest name made from it adds nine, and must fit into a label. */}}
{{- define "project-operator.fullname" -}}
{{- $name := include "project-operator.name" . }}
{{- $whole := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- .Values.fullnameOverride | default $whole | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "project-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "project-operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Of the pod of `helm test`. */}}
{{- define "project-operator.testLabels" -}}
app.kubernetes.io/name: {{ include "project-operator.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Where everything of the release is that belongs to a namespace. */}}
{{- define "project-operator.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{/* The chart's own labels win over commonLabels. */}}
{{- define "project-operator.labels" -}}
{{- $own := include "project-operator.selectorLabels" . | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") }}
{{- merge $own .Values.commonLabels | toYaml }}
{{- end }}

{{/* Labels and annotations of an object of `top`; its own `labels` and `annotations` win over the common ones. */}}
{{- define "project-operator.metadata" -}}
labels:
  {{- merge (include "project-operator.labels" .top | fromYaml) (.labels | default dict) | toYaml | nindent 2 }}
{{- with merge dict (.annotations | default dict) .top.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "project-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "project-operator.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "project-operator.image" -}}
{{- with .Values.image }}
{{- with .registry }}{{ . }}/{{ end }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* Namespaces whose Secrets may be read, as a JSON list; everywhere where secrets.clusterWide. */}}
{{- define "project-operator.secretNamespaces" -}}
{{- coalesce .Values.secrets.namespaces .Values.watchNamespaces (list (include "project-operator.namespace" .)) | uniq | toJson }}
{{- end }}

{{/* Namespaces in which an IdentityBackend can be used, as a JSON list: watched, and with Secrets that may be read. Empty with secrets.clusterWide and no watchNamespaces: all. */}}
{{- define "project-operator.usableNamespaces" -}}
{{- $readable := include "project-operator.secretNamespaces" . | fromJsonArray }}
{{- $watched := .Values.watchNamespaces | default (ternary list $readable .Values.secrets.clusterWide) }}
{{- $usable := list }}
{{- range $watched }}
{{- if or $.Values.secrets.clusterWide (has . $readable) }}
{{- $usable = append $usable . }}
{{- end }}
{{- end }}
{{- $usable | toJson }}
{{- end }}

{{/* The members of the union in IdentityBackend.spec, each with the way in that it has where `auth` names none; JSON. */}}
{{- define "project-operator.vendors" -}}
{{- dict "nscale" "serviceAccountToken" "keystone" "password" "openTelekomCloud" "password" "fujitsuK5" "password" "vmwareCSP" "apiToken" | toJson }}
{{- end }}

{{/* The secretRef of the default backend, as JSON. */}}
{{- define "project-operator.defaultSecret" -}}
{{- with .Values.defaultBackend.existingSecret }}
{{- ternary (omit . "key") . (empty .key) | toJson }}
{{- end }}
{{- end }}

{{/* Binds a ClusterRole to the ServiceAccount, in `namespaces`, or in the whole cluster where that is empty. */}}
{{- define "project-operator.bindings" -}}
{{- $top := .top }}
{{- $role := .role }}
{{- range $namespace := .namespaces | default (list "") }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ ternary "RoleBinding" "ClusterRoleBinding" (ne $namespace "") }}
metadata:
  name: {{ $role | quote }}
  {{- with $namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  {{- include "project-operator.metadata" (dict "top" $top) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $role | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ include "project-operator.serviceAccountName" $top | quote }}
    namespace: {{ include "project-operator.namespace" $top | quote }}
{{- end }}
{{- end }}

{{/*
"true" where the object of `kind`, which the Prometheus operator brings, is to be rendered: metrics.renderMode says what
becomes of it where `top` knows no such kind.
*/}}
{{- define "project-operator.monitored" -}}
{{- $served := .top.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" .kind) }}
{{- $mode := .top.Values.metrics.renderMode }}
{{- if and (eq $mode "failIfMissing") (not $served) }}
{{- fail (printf "the API server has no %s: install the Prometheus operator first, or set metrics.renderMode to skipIfMissing" .kind) }}
{{- end }}
{{- or $served (eq $mode "alwaysRender") | ternary "true" "" }}
{{- end }}

{{/* What a PodMonitor and a ServiceMonitor say alike, of their values. */}}
{{- define "project-operator.endpoint" -}}
- port: health
  path: /metrics
  {{- with .interval }}
  interval: {{ . }}
  {{- end }}
  {{- with .scrapeTimeout }}
  scrapeTimeout: {{ . }}
  {{- end }}
  {{- with .relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
