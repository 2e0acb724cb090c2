"""The kinds of objects that the demo writes or reads, and their place in the Kubernetes API.

Manifests, roles, boards, the runtime and the rehearsal's own API all take them from here. This
module must not know what is inside the objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """Where objects of one kind live.

    Attributes:
        group: API group, empty for the core group.
        version: Version inside the group.
        plural: Name in the URL.
        kind: Name in the object.
        namespaced: False for kinds that live outside every namespace.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """``apiVersion`` as written in an object: ``v1`` or ``group/version``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def type_meta(self) -> dict[str, str]:
        """The two fields with which every object of the kind begins."""
        return {"apiVersion": self.api_version, "kind": self.kind}


# -- Dynamo, Grove, KEDA, KAI and the Prometheus operator; versions.py pins what brings them

_DYNAMO: Final = ("nvidia.com", "v1alpha1")
DGD: Final = Kind(*_DYNAMO, "dynamographdeployments", "DynamoGraphDeployment")
DGDSA: Final = Kind(
    *_DYNAMO, "dynamographdeploymentscalingadapters", "DynamoGraphDeploymentScalingAdapter"
)
COMPONENT: Final = Kind(*_DYNAMO, "dynamocomponentdeployments", "DynamoComponentDeployment")
POD_CLIQUE_SET: Final = Kind("grove.io", "v1alpha1", "podcliquesets", "PodCliqueSet")
POD_CLIQUE: Final = Kind("grove.io", "v1alpha1", "podcliques", "PodClique")
SCALED_OBJECT: Final = Kind("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject")
QUEUE: Final = Kind("scheduling.run.ai", "v2", "queues", "Queue", namespaced=False)
POD_MONITOR: Final = Kind("monitoring.coreos.com", "v1", "podmonitors", "PodMonitor")

# -- Kubernetes

POD: Final = Kind("", "v1", "pods", "Pod")
SERVICE: Final = Kind("", "v1", "services", "Service")
SERVICE_ACCOUNT: Final = Kind("", "v1", "serviceaccounts", "ServiceAccount")
EVENT: Final = Kind("", "v1", "events", "Event")
SECRET: Final = Kind("", "v1", "secrets", "Secret")
CONFIG_MAP: Final = Kind("", "v1", "configmaps", "ConfigMap")
PVC: Final = Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
PV: Final = Kind("", "v1", "persistentvolumes", "PersistentVolume", namespaced=False)
NAMESPACE: Final = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
NODE: Final = Kind("", "v1", "nodes", "Node", namespaced=False)
DEPLOYMENT: Final = Kind("apps", "v1", "deployments", "Deployment")
STATEFUL_SET: Final = Kind("apps", "v1", "statefulsets", "StatefulSet")
JOB: Final = Kind("batch", "v1", "jobs", "Job")
HPA: Final = Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
LEASE: Final = Kind("coordination.k8s.io", "v1", "leases", "Lease")
ROLE: Final = Kind("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLE_BINDING: Final = Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
NETWORK_POLICY: Final = Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy")
POD_DISRUPTION_BUDGET: Final = Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
GATEWAY: Final = Kind("gateway.networking.k8s.io", "v1", "gateways", "Gateway")
HTTP_ROUTE: Final = Kind("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")
RUNTIME_CLASS: Final = Kind("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", namespaced=False)
ACCESS_REVIEW: Final = Kind(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
)
