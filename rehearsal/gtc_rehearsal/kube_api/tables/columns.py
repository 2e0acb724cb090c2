"""The columns that kubectl shows for each kind.

Custom resources bring theirs with their definition; built-in kinds have them written down here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from gtc_rehearsal.kube_api import schemas
from gtc_rehearsal.kube_api.objects import Object, metadata
from gtc_rehearsal.kube_api.resources import Resource
from gtc_rehearsal.kube_api.tables import jsonpath
from gtc_rehearsal.kube_api.tables.ages import age
from gtc_rehearsal.kube_api.tables.pod_columns import pod_ready, pod_restarts, pod_status

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """One column of a Table.

    Attributes:
        name: Heading; kubectl prints it in upper case.
        type: OpenAPI type of the cells.
        cell: The cell of an object at a moment.
        format: OpenAPI format; "name" marks the name.
        priority: 0 shown always, 1 with `-o wide`.
    """

    name: str
    type: str
    cell: Callable[[Object, datetime], Cell]
    format: str = ""
    priority: int = 0

    def definition(self) -> dict[str, Any]:
        """The column as a Table describes it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.name,
            "priority": self.priority,
        }


@cache
def columns_of(resource: Resource) -> tuple[Column, ...]:
    """The columns of a kind, name first."""
    if resource.kind in _BUILT_IN and not resource.custom:
        return (_NAME, *_BUILT_IN[resource.kind])
    printed = schemas.printer_columns(resource)
    if not printed:
        return _NAME, _AGE
    return (_NAME, *(_from_definition(column) for column in printed))


def _from_definition(column: dict[str, Any]) -> Column:
    path, kind = column["jsonPath"], column["type"]

    def cell(obj: Object, now: datetime) -> Cell:
        value = jsonpath.first(obj, path)
        if value is None:
            return None
        if kind == "date":
            return age(str(value), now)
        return value if isinstance(value, str | int | float) else str(value)

    shown = "string" if kind == "date" else kind
    return Column(column["name"], shown, cell, priority=column.get("priority", 0))


def _at(path: str, missing: Cell = "<none>") -> Callable[[Object, datetime], Cell]:
    def cell(obj: Object, _now: datetime) -> Cell:
        value = jsonpath.first(obj, path)
        return missing if value is None else value

    return cell


def _without_clock(cell: Callable[[Object], Cell]) -> Callable[[Object, datetime], Cell]:
    return lambda obj, _now: cell(obj)


def _ready_of_wanted(obj: Object) -> str:
    wanted = jsonpath.first(obj, ".spec.replicas") or 0
    return f"{jsonpath.first(obj, '.status.readyReplicas') or 0}/{wanted}"


def _entries(obj: Object) -> int:
    return len(obj.get("data") or {}) + len(obj.get("binaryData") or {})


def _reference(path: str, obj: Object) -> str:
    reference = jsonpath.first(obj, path) or {}
    return f"{reference.get('kind', '')}/{reference.get('name', '')}"


def _ports(obj: Object) -> str:
    ports = jsonpath.first(obj, ".spec.ports") or []
    return ",".join(f"{p.get('port')}/{p.get('protocol', 'TCP')}" for p in ports) or "<none>"


def _node_status(obj: Object) -> str:
    ready = jsonpath.first(obj, '.status.conditions[?(@.type=="Ready")].status')
    return "Ready" if ready == "True" else "NotReady"


def _completions(obj: Object) -> str:
    wanted = jsonpath.first(obj, ".spec.completions") or 1
    return f"{jsonpath.first(obj, '.status.succeeded') or 0}/{wanted}"


def _job_status(obj: Object) -> str:
    for condition in jsonpath.first(obj, ".status.conditions") or []:
        if condition.get("status") == "True" and condition.get("type") in ("Complete", "Failed"):
            return str(condition["type"])
    return "Running"


def _targets(obj: Object) -> str:
    """Present over wanted value of each metric: "320m/500m" or "<unknown>/5 (avg)"."""
    present = jsonpath.first(obj, ".status.currentMetrics") or []
    shown = []
    for index, metric in enumerate(jsonpath.first(obj, ".spec.metrics") or []):
        kind = str(metric.get("type", "")).lower()
        wanted = metric.get(kind, {}).get("target", {})
        now = present[index] if index < len(present) else {}
        have = now.get(kind, {}).get("current", {})
        field = "averageValue" if "averageValue" in wanted else "value"
        suffix = " (avg)" if field == "averageValue" else ""
        shown.append(f"{have.get(field, '<unknown>')}/{wanted.get(field, '<unset>')}{suffix}")
    return ", ".join(shown) or "<none>"


_NAME = Column(
    "Name", "string", _without_clock(lambda obj: metadata(obj).get("name", "")), format="name"
)
_AGE = Column("Age", "string", lambda obj, now: age(metadata(obj).get("creationTimestamp"), now))


def _text(name: str, path: str, priority: int = 0) -> Column:
    return Column(name, "string", _at(path), priority=priority)


def _number(name: str, path: str) -> Column:
    return Column(name, "integer", _at(path, 0))


def _own(name: str, cell: Callable[[Object], Cell], kind: str = "string") -> Column:
    return Column(name, kind, _without_clock(cell))


_BUILT_IN: dict[str, tuple[Column, ...]] = {
    "Pod": (
        _own("Ready", pod_ready),
        _own("Status", pod_status),
        _own("Restarts", pod_restarts, "integer"),
        _AGE,
        _text("IP", ".status.podIP", priority=1),
        _text("Node", ".spec.nodeName", priority=1),
    ),
    "ConfigMap": (_own("Data", _entries, "integer"), _AGE),
    "Secret": (_text("Type", ".type"), _own("Data", _entries, "integer"), _AGE),
    "Lease": (_text("Holder", ".spec.holderIdentity"), _AGE),
    "Namespace": (_text("Status", ".status.phase"), _AGE),
    "Node": (
        _own("Status", _node_status),
        _AGE,
        _text("Version", ".status.nodeInfo.kubeletVersion"),
    ),
    "Service": (
        _text("Type", ".spec.type"),
        _text("Cluster-IP", ".spec.clusterIP"),
        _own("Port(s)", _ports),
        _AGE,
    ),
    "PersistentVolumeClaim": (
        _text("Status", ".status.phase"),
        _text("Volume", ".spec.volumeName"),
        _text("Capacity", ".status.capacity.storage"),
        _text("StorageClass", ".spec.storageClassName"),
        _AGE,
    ),
    "Job": (_own("Status", _job_status), _own("Completions", _completions), _AGE),
    "Deployment": (
        _own("Ready", _ready_of_wanted),
        _number("Up-to-date", ".status.updatedReplicas"),
        _number("Available", ".status.availableReplicas"),
        _AGE,
    ),
    "HorizontalPodAutoscaler": (
        _own("Reference", partial(_reference, ".spec.scaleTargetRef")),
        _own("Targets", _targets),
        _text("MinPods", ".spec.minReplicas"),
        _number("MaxPods", ".spec.maxReplicas"),
        _number("Replicas", ".status.currentReplicas"),
        _AGE,
    ),
    "Event": (
        Column("Last Seen", "string", lambda obj, now: age(obj.get("lastTimestamp"), now)),
        _text("Type", ".type"),
        _text("Reason", ".reason"),
        _own("Object", partial(_reference, ".involvedObject")),
        _text("Message", ".message"),
    ),
}

SCALE_COLUMNS = (
    _NAME,
    _number("Desired", ".spec.replicas"),
    _number("Available", ".status.replicas"),
    _AGE,
)
"""The columns of the scale subresource."""
