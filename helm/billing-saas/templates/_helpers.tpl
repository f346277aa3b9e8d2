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

{{/* What staff, machines and carriers ask for. Not: patients' pages, which have a host of their own, and
what only probes ask (/live, /ready). */}}
{{- define "billing.paths" -}}
- /v1
- /docs
- /oauth
- /hooks
- /.well-known
- /sign-in
- /sign-out
- /second-factor
- /step-up
- /forgotten-password
- /password
- /recovery-codes
- /enrollment
- /invitation
- /account
- /home
- /console
{{- end -}}

{{/* Addresses with passwords come as files: the environment is inherited by every child. */}}
{{- define "billing.environment" -}}
- {name: BILLING_ENVIRONMENT, value: {{ .Values.settings.environment | quote }}}
- {name: BILLING_LOG_LEVEL, value: {{ .Values.settings.logLevel | quote }}}
- {name: BILLING_DATABASE_PATIENCE, value: {{ .Values.settings.databasePatience | quote }}}
{{- if .Values.keys.provider }}
- {name: BILLING_KEYS, value: {{ .Values.keys.provider | quote }}}
{{- else }}
- {name: BILLING_KEY_FOLDER, value: /var/lib/billing-keys/keys}
{{- end }}
{{- with .Values.objects.blobs }}
- {name: BILLING_BLOBS, value: {{ . | quote }}}
{{- end }}
{{- with .Values.objects.anchor }}
- {name: BILLING_AUDIT_ANCHOR, value: {{ . | quote }}}
{{- end }}
{{- if .Values.cloud.credentialsSecretName }}
- {name: AWS_SHARED_CREDENTIALS_FILE, value: /run/billing/cloud/credentials}
- {name: AWS_EC2_METADATA_DISABLED, value: "true"}
{{- end }}
{{- if .Values.ingress.host }}
- {name: BILLING_PUBLIC_URL, value: {{ printf "https://%s" .Values.ingress.host | quote }}}
{{- if .Values.portal.enabled }}
- {name: BILLING_PORTAL_URL, value: {{ printf "https://%s" .Values.portal.host | quote }}}
{{- end }}
- {name: BILLING_ALLOWED_HOSTS, value: {{ include "billing.hosts" . | quote }}}
{{- end }}
{{- with .Values.settings.trustedProxies }}
- {name: BILLING_TRUSTED_PROXIES, value: {{ . | quote }}}
{{- end }}
{{- with .Values.settings.innerHosts }}
- {name: BILLING_INNER_HOSTS, value: {{ . | quote }}}
{{- end }}
- {name: BILLING_JOBS_KEPT_DAYS, value: {{ .Values.settings.jobsKeptDays | quote }}}
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
{{- if .Values.rateLimits.secretName }}
- {name: BILLING_RATE_LIMIT_URL_FILE, value: /run/billing/rates/rate-limit-url}
{{- end }}
{{- if .Values.mail.secretName }}
- {name: BILLING_MAIL_FILE, value: /run/billing/mail/mail-url}
- {name: BILLING_MAIL_FROM, value: {{ .Values.mail.from | quote }}}
{{- with .Values.mail.bounces }}
- {name: BILLING_MAIL_BOUNCES, value: {{ . | quote }}}
- {name: BILLING_MAIL_HOOK_SECRET_FILE, value: /run/billing/mail/hook-secret}
{{- end }}
{{- end }}
{{- if .Values.texts.secretName }}
- {name: BILLING_TEXTS_ACCOUNT, value: {{ .Values.texts.account | quote }}}
- {name: BILLING_TEXTS_TOKEN_FILE, value: /run/billing/texts/texts-token}
- {name: BILLING_TEXTS_URL, value: {{ .Values.texts.url | quote }}}
{{- end }}
{{- if .Values.stripe.secretName }}
- {name: BILLING_STRIPE_KEY_FILE, value: /run/billing/stripe/stripe-key}
- {name: BILLING_STRIPE_WEBHOOK_SECRET_FILE, value: /run/billing/stripe/stripe-webhook-secret}
{{- end }}
{{- end -}}

{{/* Secrets that a deployment may have, by the folder they are mounted in. */}}
{{- define "billing.secrets" -}}
{{- with .Values.rateLimits.secretName }}
rates: {{ . }}
{{- end }}
{{- with .Values.mail.secretName }}
mail: {{ . }}
{{- end }}
{{- with .Values.stripe.secretName }}
stripe: {{ . }}
{{- end }}
{{- with .Values.texts.secretName }}
texts: {{ . }}
{{- end }}
{{- with .Values.cloud.credentialsSecretName }}
cloud: {{ . }}
{{- end }}
{{- end -}}

{{- define "billing.hosts" -}}
{{ .Values.ingress.host }}{{ if .Values.portal.enabled }},{{ .Values.portal.host }}{{ end }}
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
{{- if not .Values.keys.provider }}
- {name: keys, mountPath: /var/lib/billing-keys}
{{- end }}
- {name: database, mountPath: /run/billing/database, readOnly: true}
{{- if .Values.database.authorityConfigMap }}
- {name: authority, mountPath: /run/billing/authority, readOnly: true}
{{- end }}
{{- if .Values.broker.secretName }}
- {name: broker, mountPath: /run/billing/broker, readOnly: true}
{{- end }}
{{- range $name, $secret := include "billing.secrets" . | fromYaml }}
- {name: {{ $name }}, mountPath: /run/billing/{{ $name }}, readOnly: true}
{{- end }}
{{- if .Values.broker.authorityConfigMap }}
- {name: broker-authority, mountPath: /run/billing/broker-authority, readOnly: true}
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
{{- if not .Values.keys.provider }}
- name: keys
  persistentVolumeClaim: {claimName: {{ .Values.keys.existingClaim }}}
{{- end }}
- name: database
  secret: {secretName: {{ .Values.database.secretName }}, defaultMode: 0440}
{{- include "billing.authorityVolume" . }}
{{- if .Values.broker.secretName }}
- name: broker
  secret: {secretName: {{ .Values.broker.secretName }}, defaultMode: 0440}
{{- end }}
{{- range $name, $secret := include "billing.secrets" . | fromYaml }}
- name: {{ $name }}
  secret: {secretName: {{ $secret }}, defaultMode: 0440}
{{- end }}
{{- if .Values.broker.authorityConfigMap }}
- name: broker-authority
  configMap: {name: {{ .Values.broker.authorityConfigMap }}}
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
