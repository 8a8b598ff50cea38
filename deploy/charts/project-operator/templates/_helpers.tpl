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
app.kubernetes.io/name: {{ include "project-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The chart's own labels win over commonLabels. */}}
{{- define "project-operator.labels" -}}
{{- $own := include "project-operator.selectorLabels" . | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") }}
{{- merge $own .Values.commonLabels | toYaml }}
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
{{- .Values.secrets.namespaces | default (list .Release.Namespace) | uniq | toJson }}
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
  name: {{ $role }}
  {{- with $namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "project-operator.labels" $top | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $role }}
subjects:
  - kind: ServiceAccount
    name: {{ include "project-operator.serviceAccountName" $top }}
    namespace: {{ $top.Release.Namespace }}
{{- end }}
{{- end }}
