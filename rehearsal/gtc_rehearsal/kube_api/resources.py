"""Every kind that the rehearsal's API serves, with the names that a URL or kubectl may use.

A resource is a name and a shape, nothing else: schemas live in `schemas`, columns in `columns`.
"""

from __future__ import annotations

from dataclasses import dataclass

SCALE_KIND = "Scale"
SCALE_API_VERSION = "autoscaling/v1"


@dataclass(frozen=True)
class Resource:
    """One group, version and kind.

    Attributes:
        group: API group; empty for the core group.
        version: Served (and only) version.
        plural: Name in URLs.
        kind: Name in objects.
        namespaced: False for kinds that live outside every namespace.
        short_names: What kubectl users type.
        subresources: Of "status" and "scale".
        categories: Of kubectl's groups of kinds, such as "all".
        custom: True when a custom resource definition stands behind the kind; custom resources
            count generations, refuse strategic patches and want a resourceVersion on replace.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()
    categories: tuple[str, ...] = ()
    custom: bool = False

    @property
    def api_version(self) -> str:
        """What objects carry in `apiVersion`: "v1" or "group/version"."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """The kind in lower case, as kubectl accepts it."""
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """The plural with its group, as error messages name it: "scaledobjects.keda.sh"."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        """Whether `status` is written through its own subresource only."""
        return "status" in self.subresources

    @property
    def counts_generations(self) -> bool:
        """Whether a change of the desired state bumps `metadata.generation`."""
        return self.custom or self.kind in {"Deployment", "Job"}


_STATUS = frozenset({"status"})
_STATUS_AND_SCALE = frozenset({"status", "scale"})

DGD = Resource(
    "nvidia.com",
    "v1alpha1",
    "dynamographdeployments",
    "DynamoGraphDeployment",
    short_names=("dgd",),
    subresources=_STATUS,
    custom=True,
)
DGDSA = Resource(
    "nvidia.com",
    "v1alpha1",
    "dynamographdeploymentscalingadapters",
    "DynamoGraphDeploymentScalingAdapter",
    short_names=("dgdsa",),
    subresources=_STATUS_AND_SCALE,
    custom=True,
)
SCALED_OBJECT = Resource(
    "keda.sh",
    "v1alpha1",
    "scaledobjects",
    "ScaledObject",
    short_names=("so",),
    subresources=_STATUS,
    custom=True,
)
QUEUE = Resource(
    "scheduling.run.ai",
    "v2",
    "queues",
    "Queue",
    namespaced=False,
    subresources=_STATUS,
    custom=True,
)
HPA = Resource(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    short_names=("hpa",),
    subresources=_STATUS,
    categories=("all",),
)
POD = Resource(
    "",
    "v1",
    "pods",
    "Pod",
    short_names=("po",),
    subresources=_STATUS,
    categories=("all",),
)
CONFIG_MAP = Resource("", "v1", "configmaps", "ConfigMap", short_names=("cm",))
SECRET = Resource("", "v1", "secrets", "Secret")
EVENT = Resource("", "v1", "events", "Event", short_names=("ev",))
SERVICE = Resource(
    "",
    "v1",
    "services",
    "Service",
    short_names=("svc",),
    subresources=_STATUS,
    categories=("all",),
)
PVC = Resource(
    "",
    "v1",
    "persistentvolumeclaims",
    "PersistentVolumeClaim",
    short_names=("pvc",),
    subresources=_STATUS,
)
PV = Resource(
    "",
    "v1",
    "persistentvolumes",
    "PersistentVolume",
    namespaced=False,
    short_names=("pv",),
    subresources=_STATUS,
)
SERVICE_ACCOUNT = Resource("", "v1", "serviceaccounts", "ServiceAccount", short_names=("sa",))
ROLE = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLE_BINDING = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
NETWORK_POLICY = Resource(
    "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", short_names=("netpol",)
)
RUNTIME_CLASS = Resource("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", namespaced=False)
POD_MONITOR = Resource(
    "monitoring.coreos.com",
    "v1",
    "podmonitors",
    "PodMonitor",
    short_names=("pmon",),
    custom=True,
)
"""Stored as it comes: who is scraped here is written down in `cluster`, not read from monitors."""
NAMESPACE = Resource(
    "",
    "v1",
    "namespaces",
    "Namespace",
    namespaced=False,
    short_names=("ns",),
    subresources=_STATUS,
)
NODE = Resource(
    "",
    "v1",
    "nodes",
    "Node",
    namespaced=False,
    short_names=("no",),
    subresources=_STATUS,
)
LEASE = Resource("coordination.k8s.io", "v1", "leases", "Lease")
JOB = Resource("batch", "v1", "jobs", "Job", subresources=_STATUS, categories=("all",))
DEPLOYMENT = Resource(
    "apps",
    "v1",
    "deployments",
    "Deployment",
    short_names=("deploy",),
    subresources=_STATUS_AND_SCALE,
    categories=("all",),
)

RESOURCES: tuple[Resource, ...] = (
    CONFIG_MAP,
    EVENT,
    NAMESPACE,
    NODE,
    PVC,
    POD,
    PV,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    DEPLOYMENT,
    HPA,
    JOB,
    LEASE,
    SCALED_OBJECT,
    DGDSA,
    DGD,
    QUEUE,
    NETWORK_POLICY,
    POD_MONITOR,
    ROLE,
    ROLE_BINDING,
    RUNTIME_CLASS,
)

_BY_PLURAL = {(r.group, r.version, r.plural): r for r in RESOURCES}


def find(group: str, version: str, plural: str) -> Resource | None:
    """The resource behind a URL, or None when nothing is served there."""
    return _BY_PLURAL.get((group, version, plural))


def group_versions() -> tuple[tuple[str, str], ...]:
    """Every (group, version) served, in a fixed order."""
    return tuple(dict.fromkeys((r.group, r.version) for r in RESOURCES))


def of_group_version(group: str, version: str) -> tuple[Resource, ...]:
    """The resources of one group and version."""
    return tuple(r for r in RESOURCES if (r.group, r.version) == (group, version))
