"""A Kubernetes API server in memory: the few kinds that the runtime touches, answered as HTTP.

Every write is a compare-and-set where the request says so, and moves one counter of versions.
`test_server.py` holds its answers against those of the rehearsal's own API. It must not know time,
faults or who asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
JSON_TYPE = {"Content-Type": "application/json"}


class Reply:
    """An answer, as far as the transport looks at it."""

    __slots__ = ("content", "headers", "status_code")

    def __init__(self, status: int, content: bytes, headers: Mapping[str, str] = JSON_TYPE) -> None:
        self.status_code, self.content, self.headers = status, content, headers


class Refusal(Exception):  # noqa: N818
    """A request that is not done, with its status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Server:
    """Objects by plural and name.

    Args:
        kinds: Plurals that exist; anything else is a 404.
        wrote: Called after every write that changed something, with plural, name, the object
            before (None when it was made) and after.
    """

    def __init__(
        self,
        kinds: frozenset[str],
        wrote: Callable[[str, str, Json | None, Json | None], None],
    ) -> None:
        self._kinds, self._wrote = kinds, wrote
        self._objects: dict[str, dict[str, Json]] = {kind: {} for kind in sorted(kinds)}
        self._read_before: dict[tuple[str, str], Reply] = {}
        self._version = 100

    # -- over HTTP ---------------------------------------------------------------------------------

    def answer(
        self, method: str, path: str, params: Mapping[str, str], body: bytes | None
    ) -> Reply:
        """Do what a request asks."""
        if method == "GET":
            known = self._read_before.get((path, params.get("labelSelector", "")))
            if known is not None:
                return known
        plural, _, rest = path.partition("/")
        name, _, subresource = rest.partition("/")
        try:
            if plural not in self._kinds:
                raise Refusal(404, "the server could not find the requested resource")
            if method == "GET":
                return self._read(plural, name, params)
            document = json.loads(body or b"{}")
            if method == "PATCH" and subresource == "scale":
                return self._scale(plural, name, document)
            if method == "PATCH":
                return _ok(self._patch(plural, name, document))
            if method == "PUT":
                return _ok(self._replace(plural, name, document))
            if method == "POST":
                return Reply(201, json.dumps(self._create(plural, document)).encode())
        except Refusal as refusal:
            return status(refusal.status, str(refusal))
        return status(405, "the server does not allow this method on the requested resource")

    def _read(self, plural: str, name: str, params: Mapping[str, str]) -> Reply:
        selector = params.get("labelSelector", "")
        document = self._found(plural, name) if name else self._list(plural, selector)
        path = f"{plural}/{name}" if name else plural
        reply = self._read_before[path, selector] = _ok(document)
        return reply

    def _list(self, plural: str, selector: str) -> Json:
        wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
        items = [
            each
            for each in self._objects[plural].values()
            if wanted.items() <= (each["metadata"].get("labels") or {}).items()
        ]
        return {"kind": "List", "metadata": {}, "items": items}

    def _scale(self, plural: str, name: str, document: Json) -> Reply:
        self._found(plural, name)
        replicas = (document.get("spec") or {}).get("replicas")
        if isinstance(replicas, bool) or not isinstance(replicas, int):
            raise Refusal(400, "spec.replicas is no integer")
        if replicas < 0:
            raise Refusal(422, f"Scale {name!r} is invalid: spec.replicas: must be >= 0")
        after = self._patch(plural, name, {"spec": {"replicas": replicas}})
        scale = {"kind": "Scale", "metadata": after["metadata"], "spec": {"replicas": replicas}}
        return _ok(scale)

    # -- by those inside the cluster ---------------------------------------------------------------

    def get(self, plural: str, name: str) -> Json | None:
        """One object as it is now; not to be changed by the caller."""
        return self._objects[plural].get(name)

    def all(self, plural: str) -> list[Json]:
        """All of a kind."""
        return list(self._objects[plural].values())

    def create(self, plural: str, document: Json) -> Json:
        """Make an object."""
        return self._create(plural, document)

    def patch(self, plural: str, name: str, patch: Json) -> Json:
        """A merge patch."""
        return self._patch(plural, name, patch)

    def delete(self, plural: str, name: str) -> None:
        """Remove an object; nothing happens when it is not there."""
        before = self._objects[plural].pop(name, None)
        if before is not None:
            self._changed(plural, name, before, None)

    # -- how a write is done -----------------------------------------------------------------------

    def _found(self, plural: str, name: str) -> Json:
        found = self._objects[plural].get(name)
        if found is None:
            raise Refusal(404, f'{plural} "{name}" not found')
        return found

    def _patch(self, plural: str, name: str, patch: Json) -> Json:
        before = self._found(plural, name)
        version = (patch.get("metadata") or {}).get("resourceVersion")
        if version is not None and version != before["metadata"]["resourceVersion"]:
            raise _conflict(plural, name)
        after = _merged(before, patch)
        return before if after == before else self._put(plural, name, before, after)

    def _replace(self, plural: str, name: str, document: Json) -> Json:
        before = self._found(plural, name)
        version = (document.get("metadata") or {}).get("resourceVersion")
        if version != before["metadata"]["resourceVersion"]:
            raise _conflict(plural, name)
        return before if document == before else self._put(plural, name, before, document)

    def _create(self, plural: str, document: Json) -> Json:
        name = str(document["metadata"]["name"])
        if name in self._objects[plural]:
            raise Refusal(409, f'{plural} "{name}" already exists')
        return self._put(plural, name, None, document)

    def _put(self, plural: str, name: str, before: Json | None, document: Json) -> Json:
        self._version += 1
        metadata = document["metadata"] | {"resourceVersion": str(self._version)}
        after = document | {"metadata": metadata}
        self._objects[plural][name] = after
        self._changed(plural, name, before, after)
        return after

    def _changed(self, plural: str, name: str, before: Json | None, after: Json | None) -> None:
        for key in [key for key in self._read_before if key[0].partition("/")[0] == plural]:
            del self._read_before[key]
        self._wrote(plural, name, before, after)


def status(code: int, words: str, headers: Mapping[str, str] = JSON_TYPE) -> Reply:
    """A refusal in the form of Kubernetes."""
    document = {"kind": "Status", "status": "Failure", "message": words, "code": code}
    return Reply(code, json.dumps(document).encode(), headers)


def _ok(document: Json) -> Reply:
    return Reply(200, json.dumps(document).encode())


def _conflict(plural: str, name: str) -> Refusal:
    return Refusal(
        409,
        f'Operation cannot be fulfilled on {plural} "{name}": the object has been modified;'
        " please apply your changes to the latest version and try again",
    )


def _merged(before: Json, patch: Json) -> Json:
    """RFC 7396, without changing what was there."""
    after = dict(before)
    for key, value in patch.items():
        if value is None:
            after.pop(key, None)
        elif isinstance(value, dict):
            known = after.get(key)
            after[key] = _merged(known if isinstance(known, dict) else {}, value)
        else:
            after[key] = value
    return after
