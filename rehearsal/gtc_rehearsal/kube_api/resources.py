"""Every kind that the rehearsal's API serves, with the names that a URL or kubectl may use.

A resource is a name and a shape, nothing else: schemas live in `schemas`, columns in `columns`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtc_spec import kinds
from gtc_spec.kinds import Kind

SCALE_KIND = "Scale"
SCALE_API_VERSION = "autoscaling/v1"


@dataclass(frozen=True, kw_only=True)
class Resource(Kind):
    """A kind as it is served.

    Attributes:
        short_names: What kubectl users type.
        subresources: Of "status" and "scale".
        categories: Of kubectl's groups of kinds, such as "all".
        custom: True when a custom resource definition stands behind the kind; custom resources
            count generations, refuse strategic patches and want a resourceVersion on replace.
    """

    short_names: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()
    categories: tuple[str, ...] = ()
    custom: bool = False

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


def _served(
    kind: Kind,
    *short_names: str,
    subresources: frozenset[str] = frozenset(),
    categories: tuple[str, ...] = (),
    custom: bool = False,
) -> Resource:
    return Resource(
        kind.group,
        kind.version,
        kind.plural,
        kind.kind,
        kind.namespaced,
        short_names=short_names,
        subresources=subresources,
        categories=categories,
        custom=custom,
    )


_STATUS = frozenset({"status"})
_STATUS_AND_SCALE = frozenset({"status", "scale"})
_ALL = ("all",)

DGD = _served(kinds.DGD, "dgd", subresources=_STATUS, custom=True)
DGDSA = _served(kinds.DGDSA, "dgdsa", subresources=_STATUS_AND_SCALE, custom=True)
SCALED_OBJECT = _served(kinds.SCALED_OBJECT, "so", subresources=_STATUS, custom=True)
QUEUE = _served(kinds.QUEUE, subresources=_STATUS, custom=True)
HPA = _served(kinds.HPA, "hpa", subresources=_STATUS, categories=_ALL)
POD = _served(kinds.POD, "po", subresources=_STATUS, categories=_ALL)
CONFIG_MAP = _served(kinds.CONFIG_MAP, "cm")
SECRET = _served(kinds.SECRET)
EVENT = _served(kinds.EVENT, "ev")
SERVICE = _served(kinds.SERVICE, "svc", subresources=_STATUS, categories=_ALL)
PVC = _served(kinds.PVC, "pvc", subresources=_STATUS)
PV = _served(kinds.PV, "pv", subresources=_STATUS)
SERVICE_ACCOUNT = _served(kinds.SERVICE_ACCOUNT, "sa")
ROLE = _served(kinds.ROLE)
ROLE_BINDING = _served(kinds.ROLE_BINDING)
NETWORK_POLICY = _served(kinds.NETWORK_POLICY, "netpol")
RUNTIME_CLASS = _served(kinds.RUNTIME_CLASS)
POD_MONITOR = _served(kinds.POD_MONITOR, "pmon", custom=True)
"""Stored as it comes: who is scraped here is written down in `cluster`, not read from monitors."""
COMPONENT = _served(kinds.COMPONENT, "dcd", custom=True)
POD_CLIQUE_SET = _served(kinds.POD_CLIQUE_SET, "pcs", custom=True)
"""It and the kind before are stored as they come: the operator writes, `gtc grove` deletes them."""
NAMESPACE = _served(kinds.NAMESPACE, "ns", subresources=_STATUS)
NODE = _served(kinds.NODE, "no", subresources=_STATUS)
LEASE = _served(kinds.LEASE)
JOB = _served(kinds.JOB, subresources=_STATUS, categories=_ALL)
DEPLOYMENT = _served(kinds.DEPLOYMENT, "deploy", subresources=_STATUS_AND_SCALE, categories=_ALL)

RESOURCES: tuple[Resource, ...] = (
    COMPONENT,
    CONFIG_MAP,
    EVENT,
    NAMESPACE,
    NODE,
    PVC,
    POD,
    POD_CLIQUE_SET,
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
