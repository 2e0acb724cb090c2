"""What a request asks for, in the terms in which rights are granted.

Read from method, path and parameters alone, before anything is looked up: a real server decides
about kinds and objects that do not exist as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SUBRESOURCES_OF_NAMESPACES = frozenset({"status", "finalize"})
_READS = frozenset({"GET", "HEAD"})
_WRITES = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_IN_CORE, _IN_GROUP = 2, 3
_NAMED = "metadata.name="


@dataclass(frozen=True)
class Asked:
    """One question to the rights of an account.

    Attributes:
        verb: Of "get", "list", "watch", "create", "update", "patch", "delete",
            "deletecollection", "impersonate".
        resource: Plural of the kind; empty when only `path` is asked for.
        group: API group of the kind, empty for the core.
        subresource: Such as "scale"; empty for the object itself.
        namespace: Empty for the whole cluster.
        name: Of the object; empty for any. A list or watch of one name has it from its selector.
        path: Path of a URL behind which there is no resource.
    """

    verb: str
    resource: str = ""
    group: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def whole_resource(self) -> str:
        """The resource with its subresource, as rules name it: "pods/log"."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def asked_by(method: str, path: str, query: Mapping[str, str]) -> Asked:
    """What a request asks for.

    Args:
        method: HTTP method.
        path: Path of the URL.
        query: Its parameters.
    """
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > _IN_CORE:
        group, rest = "", parts[_IN_CORE:]
    elif parts[:1] == ["apis"] and len(parts) > _IN_GROUP:
        group, rest = parts[1], parts[_IN_GROUP:]
    else:
        return Asked("get" if method in _READS else method.lower(), path=path)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _SUBRESOURCES_OF_NAMESPACES:
            rest = rest[2:]
    resource, name, subresource = (*rest, "", "")[:3]
    verb = _verb(method, name, query)
    if verb in ("list", "watch"):
        name = _named(query.get("fieldSelector", ""))
    return Asked(verb, resource, group, subresource, namespace, name)


def _verb(method: str, name: str, query: Mapping[str, str]) -> str:
    if method in _READS:
        if name:
            return "get"
        return "watch" if query.get("watch") in ("true", "1") else "list"
    if method == "DELETE" and not name:
        return "deletecollection"
    return _WRITES.get(method, "")


def _named(selector: str) -> str:
    """The one name that a field selector leaves; empty when it leaves others too."""
    names = [
        term.removeprefix(_NAMED).removeprefix("=")
        for term in selector.split(",")
        if term.startswith(_NAMED)
    ]
    return names[0] if names else ""
