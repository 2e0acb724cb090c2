"""Server-side apply: merge what a manager wants, refuse what others own, drop what it let go."""

from __future__ import annotations

import json

from gtc_rehearsal.kube_api import errors, fields, ownership
from gtc_rehearsal.kube_api.objects import Object, clone, key_of, metadata
from gtc_rehearsal.kube_api.resources import Resource
from gtc_rehearsal.kube_api.schemas import unknown_fields
from gtc_rehearsal.kube_api.storage.patch import merge

_KUBECTL = "kubectl"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def require_declared(resource: Resource, applied: Object) -> None:
    """Refuse fields that the schema does not have; apply never prunes.

    Raises:
        ApiError: 500, as a real server answers here, naming the first such field.
    """
    if unknown := unknown_fields(resource, applied):
        namespace, name = key_of(applied)
        where = f"{namespace}/{name}" if namespace else f"/{name}"
        raise errors.ApiError(
            500,
            "",
            f"failed to create typed patch object ({where}; {resource.api_version}, "
            f"Kind={resource.kind}): .{unknown[0]}: field not declared in schema",
        )


def merged(
    resource: Resource,
    old: Object,
    applied: Object,
    manager: str,
    subresource: str | None,
    force: bool,
) -> Object:
    """The object after the apply, before the server's own rules.

    Raises:
        ApiError: 409 naming every field in conflict with its manager, unless forced.
    """
    named = named_fields(resource, applied, subresource)
    identity = (manager, "Apply", subresource or "")
    others = [owner for owner in ownership.owners(old) if owner.identity != identity]
    if not force:
        changed = fields.differing(old, applied, named)
        if manager == _KUBECTL:
            changed -= _applied_by_client(old)
        _refuse_conflicts(changed, others)
    result: Object = merge(old, applied)
    for path in _let_go(old, identity, named, others):
        fields.remove(result, path)
    copy: Object = clone(result)
    return copy


def named_fields(resource: Resource, applied: Object, subresource: str | None) -> set[fields.Path]:
    """The fields that an apply names and that its URL can change."""
    named = fields.leaves(applied)
    if subresource == "status":
        return {path for path in named if path[0] == "status"}
    return {path for path in named if not (resource.has_status and path[0] == "status")}


def _refuse_conflicts(changed: set[fields.Path], others: list[ownership.Owner]) -> None:
    causes = [
        errors.Cause("FieldManagerConflict", f"conflict with {owner.title}", fields.dotted(path))
        for owner in others
        for path in sorted(changed & owner.paths)
    ]
    if causes:
        raise errors.apply_conflict(causes)


def _applied_by_client(old: Object) -> set[fields.Path]:
    """What `kubectl apply` without --server-side set before and what still stands.

    A real server lets kubectl alone take these over without force.
    """
    text = (metadata(old).get("annotations") or {}).get(_LAST_APPLIED)
    try:
        before = json.loads(text or "{}")
    except ValueError:
        return set()
    named = fields.leaves(before) if isinstance(before, dict) else set()
    return named - fields.differing(before, old, named)


def _let_go(
    old: Object,
    identity: tuple[str, str, str],
    named: set[fields.Path],
    others: list[ownership.Owner],
) -> set[fields.Path]:
    """What the manager applied before, does not name any more and nobody else owns."""
    before: set[fields.Path] = set()
    for owner in ownership.owners(old):
        if owner.identity == identity:
            before |= owner.paths
    held = {path for owner in others for path in owner.paths}
    return before - named - held
