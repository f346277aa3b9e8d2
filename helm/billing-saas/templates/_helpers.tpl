{{- define "billing.name" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "billing.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "billing.labels" -}}
{{ include "billing.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "billing.image" -}}
{{ .repository }}@{{ .digest }}
{{- end -}}

{{/* The user is the image's own; fsGroup lets it write the volumes. OnRootMismatch matters: a
     kubelet that opens the key files to the group at every mount would make them unsafe to use. */}}
{{- define "billing.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "billing.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 10001
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* Addresses with passwords come as files: the environment is inherited by every child. */}}
{{- define "billing.environment" -}}
- {name: BILLING_ENVIRONMENT, value: {{ .Values.settings.environment | quote }}}
- {name: BILLING_LOG_LEVEL, value: {{ .Values.settings.logLevel | quote }}}
- {name: BILLING_DATABASE_PATIENCE, value: {{ .Values.settings.databasePatience | quote }}}
- {name: BILLING_KEY_FOLDER, value: /var/lib/billing-keys/keys}
- {name: BILLING_DATABASE_URL_FILE, value: /run/billing/database/app-url}
- {name: BILLING_PLATFORM_DATABASE_URL_FILE, value: /run/billing/database/platform-url}
- {name: BILLING_COMPANY_READER_DATABASE_URL_FILE, value: /run/billing/database/company-reader-url}
{{- with .Values.settings.pooler }}
- {name: BILLING_POOLER, value: {{ . | quote }}}
{{- end }}
{{- with .Values.settings.tracing }}
- {name: BILLING_TRACING, value: {{ . | quote }}}
{{- end }}
{{- if .Values.broker.secretName }}
- {name: BILLING_BROKER_URL_FILE, value: /run/billing/broker/broker-url}
{{- end }}
{{- end -}}

{{/* On every address of the pod, because the scraper comes from outside it; the network policy says who. */}}
{{- define "billing.metricsEnvironment" -}}
{{- if .Values.metrics.enabled }}
- {name: BILLING_METRICS_ADDRESS, value: 0.0.0.0}
- {name: BILLING_METRICS_PORT, value: {{ .Values.metrics.port | quote }}}
{{- end }}
{{- end -}}

{{- define "billing.metricsPort" -}}
{{- if .Values.metrics.enabled }}
- {name: metrics, containerPort: {{ .Values.metrics.port }}}
{{- end }}
{{- end -}}

{{- define "billing.metricsService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}-metrics
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "billing.labels" . | nindent 4 }}
    billing-saas/scraped: "true"
spec:
  clusterIP: None
  selector: {{- include "billing.selector" . | nindent 4 }}
  ports:
    - {name: metrics, port: {{ .root.Values.metrics.port }}, targetPort: metrics}
{{- end -}}

{{- define "billing.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: keys, mountPath: /var/lib/billing-keys}
- {name: database, mountPath: /run/billing/database, readOnly: true}
{{- if .Values.database.authorityConfigMap }}
- {name: authority, mountPath: /run/billing/authority, readOnly: true}
{{- end }}
{{- if .Values.broker.secretName }}
- {name: broker, mountPath: /run/billing/broker, readOnly: true}
{{- end }}
{{- end -}}

{{- define "billing.authorityVolume" -}}
{{- if .Values.database.authorityConfigMap }}
- name: authority
  configMap: {name: {{ .Values.database.authorityConfigMap }}}
{{- end }}
{{- end -}}

{{- define "billing.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
- name: keys
  persistentVolumeClaim: {claimName: {{ .Values.keys.existingClaim }}}
- name: database
  secret: {secretName: {{ .Values.database.secretName }}, defaultMode: 0440}
{{- include "billing.authorityVolume" . }}
{{- if .Values.broker.secretName }}
- name: broker
  secret: {secretName: {{ .Values.broker.secretName }}, defaultMode: 0440}
{{- end }}
{{- end -}}

{{/* What every pod of the product says, whichever part it runs. */}}
{{- define "billing.pod" -}}
serviceAccountName: {{ include "billing.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "billing.podSecurity" . | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "billing.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "billing.selector" . | nindent 8 }}
{{- end -}}

{{/* A worker has no port: its loop touches a file. */}}
{{- define "billing.heartbeat" -}}
exec:
  command: [sh, -c, 'test -n "$(find /tmp/heartbeat -mmin -1)"']
timeoutSeconds: 5
{{- end -}}

{{- define "billing.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "billing.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "billing.selector" . | nindent 6 }}
{{- end -}}

{{- define "billing.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "billing.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ .name }}}
  minReplicas: {{ .scaling.min }}
  maxReplicas: {{ .scaling.max }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ .scaling.cpuPercent }}}
    {{- if .scaling.queueDepth }}
    {{- range .queues }}
    - type: External
      external:
        metric:
          name: {{ $.root.Values.queueDepthMetric }}
          selector:
            matchLabels: {queue: {{ . }}}
        target: {type: AverageValue, averageValue: {{ $.scaling.queueDepth | quote }}}
    {{- end }}
    {{- end }}
  behavior:
    scaleDown: {stabilizationWindowSeconds: 300}
{{- end -}}
