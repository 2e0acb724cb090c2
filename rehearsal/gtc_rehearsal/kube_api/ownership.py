"""Who wrote which field: the managedFields of an object.

Ordinary writes own what they change and take it from everybody else. A server-side apply owns
what it names, whether it changed it or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gtc_rehearsal.kube_api import fields
from gtc_rehearsal.kube_api.objects import Object, metadata, stamp


@dataclass
class Owner:
    """One entry of managedFields.

    Attributes:
        manager: Name of the writer.
        operation: "Apply" or "Update".
        subresource: "status", "scale" or empty.
        api_version: Of the object when it was written.
        time: Of the last change of the entry.
        paths: What is owned.
    """

    manager: str
    operation: str
    subresource: str
    api_version: str
    time: str
    paths: set[fields.Path]

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells two owners apart."""
        return self.manager, self.operation, self.subresource

    @property
    def title(self) -> str:
        """The owner as conflict messages name it."""
        via = f' with subresource "{self.subresource}"' if self.subresource else ""
        return f'"{self.manager}"{via} using {self.api_version}'


def owners(obj: Object) -> list[Owner]:
    """The owners recorded on an object."""
    return [
        Owner(
            manager=entry.get("manager", ""),
            operation=entry.get("operation", ""),
            subresource=entry.get("subresource", ""),
            api_version=entry.get("apiVersion", ""),
            time=entry.get("time", ""),
            paths=fields.decode(entry.get("fieldsV1") or {}),
        )
        for entry in metadata(obj).get("managedFields") or []
    ]


def record_update(
    old: Object | None, new: Object, manager: str, subresource: str | None, now: datetime
) -> None:
    """Give `manager` the fields in which `new` differs from `old`; changes `new`."""
    before = fields.leaves(old or {})
    after = fields.leaves(new)
    changed = fields.differing(old or {}, new, after)
    if not changed and before <= after:
        return
    mine = Owner(manager, "Update", subresource or "", new["apiVersion"], "", changed)
    _record(new, mine, taken=changed, gone=before - after, keep=True, now=now)


def record_apply(
    old: Object | None,
    new: Object,
    applied: set[fields.Path],
    manager: str,
    subresource: str | None,
    now: datetime,
) -> None:
    """Give `manager` the fields that it applied, and only those; changes `new`."""
    named = applied & fields.leaves(new)
    mine = Owner(manager, "Apply", subresource or "", new["apiVersion"], "", named)
    taken = fields.differing(old or {}, new, named)
    gone = fields.leaves(old or {}) - fields.leaves(new)
    _record(new, mine, taken=taken, gone=gone, keep=False, now=now)


def _record(
    obj: Object,
    mine: Owner,
    *,
    taken: set[fields.Path],
    gone: set[fields.Path],
    keep: bool,
    now: datetime,
) -> None:
    """Write the owners back: `mine` gains, others lose `taken`, all lose `gone`."""
    result: list[Owner] = []
    for owner in owners(obj):
        is_mine = owner.identity == mine.identity
        if is_mine:
            mine.time = owner.time
            mine.paths = (owner.paths if keep else set()) | mine.paths
        left = (mine.paths if is_mine else owner.paths - taken) - gone
        if left != owner.paths:
            owner.paths, owner.time = left, stamp(now)
        result.append(owner)
    if all(owner.identity != mine.identity for owner in result):
        mine.time = stamp(now)
        result.append(mine)
    entries = [_entry(owner) for owner in result if owner.paths]
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)


def _entry(owner: Owner) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "manager": owner.manager,
        "operation": owner.operation,
        "apiVersion": owner.api_version,
        "time": owner.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields.encode(owner.paths),
    }
    if owner.subresource:
        entry["subresource"] = owner.subresource
    return entry
