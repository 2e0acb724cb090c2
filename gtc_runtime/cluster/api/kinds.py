"""The kinds of objects that the runtime touches, and their place in the API.

This module must not know what is inside the objects.
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
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """``apiVersion`` as written in an object."""
        return f"{self.group}/{self.version}" if self.group else self.version


DGD: Final = Kind("nvidia.com", "v1alpha1", "dynamographdeployments", "DynamoGraphDeployment")
DGDSA: Final = Kind(
    "nvidia.com",
    "v1alpha1",
    "dynamographdeploymentscalingadapters",
    "DynamoGraphDeploymentScalingAdapter",
)
SCALED_OBJECT: Final = Kind("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject")
HPA: Final = Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
POD: Final = Kind("", "v1", "pods", "Pod")
SERVICE: Final = Kind("", "v1", "services", "Service")
EVENT: Final = Kind("", "v1", "events", "Event")
JOB: Final = Kind("batch", "v1", "jobs", "Job")
SECRET: Final = Kind("", "v1", "secrets", "Secret")
CLAIM: Final = Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
QUEUE: Final = Kind("scheduling.run.ai", "v2", "queues", "Queue", namespaced=False)
RUNTIME_CLASS: Final = Kind("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", namespaced=False)
CONFIG_MAP: Final = Kind("", "v1", "configmaps", "ConfigMap")
DEPLOYMENT: Final = Kind("apps", "v1", "deployments", "Deployment")
STATEFUL_SET: Final = Kind("apps", "v1", "statefulsets", "StatefulSet")
NAMESPACE: Final = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
NODE: Final = Kind("", "v1", "nodes", "Node", namespaced=False)
LEASE: Final = Kind("coordination.k8s.io", "v1", "leases", "Lease")
ACCESS_REVIEW: Final = Kind(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
)
