"""What a URL means: a resource, perhaps a namespace, a name and a subresource."""

from __future__ import annotations

from dataclasses import dataclass

from gtc_rehearsal.kube_api.resources import Resource, find

_SUBRESOURCES = frozenset({"status", "scale", "finalize"})
_WITH_SUBRESOURCE = 3


@dataclass(frozen=True)
class Target:
    """What a request is about.

    Attributes:
        resource: The kind.
        namespace: None for all namespaces or a kind without.
        name: Empty for the collection.
        subresource: None for the object itself.
    """

    resource: Resource
    namespace: str | None = None
    name: str = ""
    subresource: str | None = None


def parse(path: str) -> Target | None:
    """The target of a URL path; None when nothing is served there."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 1:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 2:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = None
    is_namespaced = rest[:1] == ["namespaces"] and len(rest) >= _WITH_SUBRESOURCE
    if is_namespaced and rest[2] not in _SUBRESOURCES:
        namespace, rest = rest[1], rest[2:]
    if not 1 <= len(rest) <= _WITH_SUBRESOURCE:
        return None
    resource = find(group, version, rest[0])
    if resource is None:
        return None
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) == _WITH_SUBRESOURCE else None
    return _served(Target(resource, namespace, name, subresource))


def _served(target: Target) -> Target | None:
    resource = target.resource
    if target.subresource and target.subresource not in resource.subresources:
        return None
    if target.namespace is not None and not resource.namespaced:
        return None
    if target.name and resource.namespaced and target.namespace is None:
        return None
    return target
