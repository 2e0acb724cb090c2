"""Who may talk to whom in the panel's namespace: nobody, but for what is named here.

Policies see a pod's port, not that of the Service in front of it. A port-forward and the kubelet's
probes come from the node and are not held up. The API server is named by its ports alone: it may
have the address of a node, which for Cilium no ``ipBlock`` holds (docs/adr/0011).
"""

from __future__ import annotations

from typing import Final

from gtc_spec import kinds, names
from gtc_spec.environment import Environment
from gtc_spec.manifests.metadata import LABEL_NAME, Manifest, metadata
from gtc_spec.manifests.panel.guardian import GUARDIAN
from gtc_spec.manifests.panel.panel import METRICS_PORT, PANEL
from gtc_spec.manifests.serving_graph import FRONTEND_PORT

PROMETHEUS_PORT: Final = 9090
GRAFANA_PORTS: Final = (80, 3000)
"""Port of Grafana's Service and of the pod behind it."""
API_SERVER_PORTS: Final = (443, 6443, 16443)
"""DOKS: its endpoint, the usual port, and the proxy of a highly available control plane."""
_NAMESPACE: Final = "kubernetes.io/metadata.name"


def network_policies(env: Environment) -> list[Manifest]:
    """Deny all, then allow what panel and guardian need."""
    serving = {"matchLabels": {names.LABEL_COMPONENT_TYPE: names.FRONTEND.lower()}}
    return [
        _policy(env, "default-deny", {}, ingress=[], egress=[]),
        _policy(
            env,
            PANEL,
            {LABEL_NAME: PANEL},
            ingress=[{"from": [_pods_of(names.NAMESPACE_MONITORING)], "ports": _tcp(METRICS_PORT)}],
            egress=[
                _dns(),
                _to(_pods_of(names.NAMESPACE_WORKLOAD, serving), FRONTEND_PORT),
                _to(_pods_of(names.NAMESPACE_MONITORING), PROMETHEUS_PORT, *GRAFANA_PORTS),
                # the API server; Spaces and Serverless Inference have no fixed addresses either
                _to_any(*API_SERVER_PORTS),
            ],
        ),
        _policy(
            env,
            GUARDIAN,
            {LABEL_NAME: GUARDIAN},
            ingress=[],
            egress=[_dns(), _to_any(*API_SERVER_PORTS)],
        ),
    ]


def _policy(
    env: Environment,
    name: str,
    labels: dict[str, str],
    *,
    ingress: list[Manifest],
    egress: list[Manifest],
) -> Manifest:
    return {
        **kinds.NETWORK_POLICY.type_meta,
        "metadata": metadata(env, name, names.NAMESPACE_PANEL),
        "spec": {
            "podSelector": {"matchLabels": labels} if labels else {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def _pods_of(namespace: str, pods: Manifest | None = None) -> Manifest:
    selected = {} if pods is None else {"podSelector": pods}
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE: namespace}}, **selected}


def _dns() -> Manifest:
    servers = _pods_of("kube-system", {"matchLabels": {"k8s-app": "kube-dns"}})
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {"to": [servers], "ports": ports}


def _to(peer: Manifest, *ports: int) -> Manifest:
    return {"to": [peer], "ports": _tcp(*ports)}


def _to_any(*ports: int) -> Manifest:
    """These ports wherever they are."""
    return {"ports": _tcp(*ports)}


def _tcp(*ports: int) -> list[Manifest]:
    return [{"protocol": "TCP", "port": port} for port in ports]
