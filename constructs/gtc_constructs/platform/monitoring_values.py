"""What differs from the defaults of the monitoring charts, each with what it would break.

Plain dictionaries for Helm: this module must not import cdktf.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gtc_spec.kinds import DGDSA, POD_CLIQUE, Kind
from gtc_spec.manifests.placement import tolerate_gpu
from gtc_spec.telemetry.metrics import SCRAPE_INTERVAL_S
from gtc_spec.telemetry.scrape import pace

Values = dict[str, Any]

_SCRAPE: Final = f"{SCRAPE_INTERVAL_S}s"
PROMETHEUS_GIB: Final = 20
_SIDECAR_FOLDER: Final = "/tmp/dashboards"  # noqa: S108 - in Grafana's pod, the chart's default
_SELECTORS: Final = ("podMonitor", "serviceMonitor", "probe", "rule", "scrapeConfig")
_CONTROL_PLANE: Final = (
    "kubeApiServer", "kubeControllerManager", "kubeEtcd", "kubeProxy", "kubeScheduler",
)  # fmt: skip
"""Managed by DOKS and out of reach, or of no use here; Cilium stands in for kube-proxy."""


def prometheus_stack(
    storage_class: str, node_selector: Mapping[str, str], home: str = ""
) -> Values:
    """Prometheus, Grafana and kube-state-metrics for one namespace-wide demo.

    Args:
        storage_class: Where measurements and annotations outlive a restart.
        node_selector: The nodes that carry them.
        home: Folder and name of the board that Grafana opens with. Default: its own start page.
    """
    selector = dict(node_selector)
    return {
        **{name: {"enabled": False} for name in _CONTROL_PLANE},
        # nobody is paged at a booth, and the rules cost more than all our queries
        "alertmanager": {"enabled": False},
        "defaultRules": {"create": False},
        "kubelet": {"serviceMonitor": pace(30)},
        "prometheus": {"prometheusSpec": _prometheus(storage_class, selector)},
        "prometheusOperator": {"nodeSelector": selector, "resources": _requests("50m", "128Mi")},
        "grafana": _grafana(storage_class, selector, home),
        "kube-state-metrics": {"nodeSelector": selector, **_kube_state()},
        "prometheus-node-exporter": {
            "prometheus": {"monitor": {**pace(15), "relabelings": [_named_node()]}},
            "resources": _requests("10m", "32Mi"),
        },
    }


def dcgm_exporter() -> Values:
    """NVIDIA's GPU metrics, from every GPU node."""
    return {
        # without it the exporter never lands on a node that DOKS tainted
        "tolerations": tolerate_gpu(),
        "nodeSelector": {"doks.digitalocean.com/gpu-brand": "nvidia"},
        "serviceMonitor": {
            "enabled": True,
            **pace(),
            # otherwise `pod` is the exporter and the worker is called exported_pod
            "honorLabels": True,
        },
        "arguments": [
            "--collectors=/etc/dcgm-exporter/default-counters.csv",
            # every 30 s by default, so GPU panels would move twice a minute; in one word with its
            # name, because the chart prints arguments without quotes and YAML reads a number
            f"--collect-interval={SCRAPE_INTERVAL_S * 1000}",
        ],
        "resources": _requests("100m", "256Mi"),
    }


def _prometheus(storage_class: str, selector: Mapping[str, str]) -> Values:
    # the default selectors want the label `release`, which neither Dynamo, KEDA nor dcgm set
    opened = {f"{kind}SelectorNilUsesHelmValues": False for kind in _SELECTORS}
    return {
        **opened,
        "scrapeInterval": _SCRAPE,
        "scrapeTimeout": _SCRAPE,
        "serviceDiscoveryRole": "EndpointSlice",
        "retention": "7d",
        "retentionSize": "15GiB",
        "storageSpec": {
            "volumeClaimTemplate": {
                "spec": {
                    "storageClassName": storage_class,
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": f"{PROMETHEUS_GIB}Gi"}},
                }
            }
        },
        "nodeSelector": dict(selector),
        "resources": _requests("500m", "1Gi"),
    }


def _grafana(storage_class: str, selector: Mapping[str, str], home: str) -> Values:
    return {
        # empty: the chart makes one up and keeps it in the Secret <release>-grafana
        "adminPassword": "",
        "defaultDashboardsEnabled": False,
        "nodeSelector": dict(selector),
        "resources": _requests("100m", "256Mi"),
        # annotations live in its database; a volume of one writer deadlocks a rolling update
        "persistence": {"enabled": True, "storageClassName": storage_class, "size": "5Gi"},
        "deploymentStrategy": {"type": "Recreate"},
        # the chart's timeout of 30 s is longer than our interval
        "serviceMonitor": pace(30),
        "sidecar": {
            "resources": _requests("10m", "64Mi"),
            # without it Grafana takes 30 s, and the rate windows of its panels become 2 minutes
            "datasources": {
                "defaultDatasourceScrapeInterval": _SCRAPE,
                # there is none to ask
                "alertmanager": {"enabled": False},
            },
            "dashboards": {
                "folderAnnotation": "grafana_folder",
                "provider": {"foldersFromFilesStructure": True},
            },
        },
        "grafana.ini": _settings(home),
    }


def _settings(home: str) -> Values:
    """Grafana's own configuration file."""
    # where the sidecar puts the board; a file that is not there is an error on the first page
    path = {"default_home_dashboard_path": f"{_SIDECAR_FOLDER}/{home}.json"} if home else {}
    return {
        # the kiosk shows boards without a login; a viewer can still send any query, so the
        # Service stays inside the cluster
        "auth.anonymous": {"enabled": True, "org_role": "Viewer", "hide_version": True},
        "users": {"allow_sign_up": False, "default_theme": "dark"},
        "security": {"allow_embedding": False},
        "snapshots": {"enabled": False},
        "analytics": {"reporting_enabled": False, "check_for_updates": False},
        "news": {"news_feed_enabled": False},
        "dashboards": {"min_refresh_interval": _SCRAPE, **path},
    }


def _kube_state() -> Values:
    pods = "nvidia.com/dynamo-component,nvidia.com/dynamo-graph-deployment-name"
    return {
        "resources": _requests("20m", "64Mi"),
        "prometheus": {"monitor": {"http": pace()}},
        # the join key from a pod to its pool
        "metricLabelsAllowlist": [f"pods=[{pods}]"],
        "rbac": {
            "extraRules": [
                {
                    "apiGroups": [kind.group],
                    "resources": [kind.plural],
                    "verbs": ["list", "watch"],
                }
                for kind in (DGDSA, POD_CLIQUE)
            ]
        },
        "customResourceState": {
            "enabled": True,
            "config": {
                "kind": "CustomResourceStateMetrics",
                "spec": {"resources": [_adapters(), _cliques()]},
            },
        },
    }


def _adapters() -> Values:
    """Metric dgdsa_spec_replicas: Dynamo has none of its own for desired workers."""
    return _custom_resource(
        DGDSA,
        prefix="dgdsa",
        labels={"dgd": ["spec", "dgdRef", "name"], "service": ["spec", "dgdRef", "serviceName"]},
        metric=("spec_replicas", "desired workers", ["spec", "replicas"]),
    )


def _cliques() -> Values:
    """Metric podclique_ready_replicas; absent where Grove is not used."""
    return _custom_resource(
        POD_CLIQUE,
        prefix="podclique",
        labels={"role": ["spec", "roleName"]},
        metric=("ready_replicas", "ready pods", ["status", "readyReplicas"]),
    )


def _named_node() -> Values:
    """Let node metrics carry the node's name: an address says nothing to a person."""
    return {"sourceLabels": ["__meta_kubernetes_pod_node_name"], "targetLabel": "node"}


def _custom_resource(
    kind: Kind,
    *,
    prefix: str,
    labels: Mapping[str, list[str]],
    metric: tuple[str, str, list[str]],
) -> Values:
    name, help_text, path = metric
    own = {key: ["metadata", key] for key in ("name", "namespace")}
    return {
        "groupVersionKind": {
            "group": kind.group,
            "version": kind.version,
            "kind": kind.kind,
        },
        "metricNamePrefix": prefix,
        "labelsFromPath": {**own, **labels},
        "metrics": [
            {
                "name": name,
                "help": help_text,
                "each": {"type": "Gauge", "gauge": {"path": path, "nilIsZero": True}},
            }
        ],
    }


def _requests(cpu: str, memory: str) -> Values:
    return {"requests": {"cpu": cpu, "memory": memory}}
