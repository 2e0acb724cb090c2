"""Which values the pinned charts take, by their first keys: Helm ignores all others without a word.

From each chart's ``values.yaml`` in exactly this version, its subcharts, and the keys that only its
templates read. Deeper keys are not listed: they change with subcharts that have versions of their
own. This module must not know who sets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gtc_spec.versions import (
    DCGM_EXPORTER,
    DYNAMO_CRDS,
    DYNAMO_PLATFORM,
    KEDA,
    KUBE_PROMETHEUS_STACK,
    Chart,
)

FIRST_KEYS: Final[Mapping[Chart, tuple[str, ...]]] = {
    # of release 0.8.1; its templates read kai-scheduler and grove alone
    DYNAMO_PLATFORM: ("dynamo-operator", "etcd", "global", "grove", "kai-scheduler", "nats"),
    # manifests without a value
    DYNAMO_CRDS: ("global",),
    KUBE_PROMETHEUS_STACK: (
        "additionalPrometheusRules", "additionalPrometheusRulesMap", "alertmanager",
        "cleanPrometheusOperatorObjectNames", "commonLabels", "coreDns", "crds", "customRules",
        "defaultRules", "extraManifests", "fullnameOverride", "global", "grafana",
        "kube-state-metrics", "kubeApiServer", "kubeControllerManager", "kubeDns", "kubeEtcd",
        "kubeProxy", "kubeScheduler", "kubeStateMetrics", "kubeTargetVersionOverride",
        "kubeVersionOverride", "kubelet", "kubernetesServiceMonitors", "nameOverride",
        "namespaceOverride", "nodeExporter", "prometheus", "prometheus-node-exporter",
        "prometheus-windows-exporter", "prometheusOperator", "thanosRuler", "windowsMonitoring",
    ),
    KEDA: (
        "additionalAnnotations", "additionalLabels", "affinity", "asciiArt", "certificates",
        "clusterDomain", "clusterName", "crds", "customManagedBy", "enableServiceLinks", "env",
        "extraArgs", "extraObjects", "global", "grpcTLSCertsSecret", "hashiCorpVaultTLS",
        "hostAliases", "http", "image", "imagePullSecrets", "logging", "metricsServer",
        "networkPolicy", "nodeSelector", "opentelemetry", "operator", "permissions",
        "podAnnotations", "podDisruptionBudget", "podIdentity", "podLabels", "podSecurityContext",
        "priorityClassName", "profiling", "prometheus", "rbac", "resources", "securityContext",
        "service", "serviceAccount", "tolerations", "topologySpreadConstraints", "upgradeStrategy",
        "volumes", "watchNamespace", "webhooks",
    ),
    DCGM_EXPORTER: (
        "affinity", "arguments", "basicAuth", "customMetrics", "debugDump", "extraConfigMapVolumes",
        "extraEnv", "extraHostVolumes", "extraVolumeMounts", "fullnameOverride", "global",
        "hostNetwork", "hostPID", "image", "imagePullSecrets", "initContainers", "kubeletPath",
        "kubernetes", "kubernetesDRA", "livenessProbe", "nameOverride", "namespaceOverride",
        "nodeSelector", "podAnnotations", "podLabels", "podSecurityContext", "priorityClassName",
        "readinessProbe", "resources", "rollingUpdate", "runtimeClassName", "securityContext",
        "service", "serviceAccount", "serviceMonitor", "tlsServerConfig", "tolerations",
    ),
}  # fmt: skip
"""By chart, sorted."""
