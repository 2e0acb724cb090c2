"""What the tests of a client ask of the rehearsal's store, asked of a real API server."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.resources import DGDSA, RESOURCES, Resource
from gtc_spec import names

WATCHED_S = 1


@dataclass(frozen=True)
class Change:
    """One event of a watch."""

    type: str
    resource: Resource
    object: Mapping[str, Any]


class RemoteStore:
    """Objects of a real cluster.

    Args:
        url: Where it answers without credentials.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: dict[tuple[Resource, str | None, str], int] = {}

    def get(self, resource: Resource, name: str, namespace: str | None) -> dict[str, Any]:
        return self._send("GET", self._path(resource, namespace, name))

    def list(self, resource: Resource, namespace: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._send("GET", self._path(resource, namespace))["items"]
        return found

    def create(self, resource: Resource, obj: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        whole = {**resource.type_meta, **obj}
        namespace = obj["metadata"].get("namespace")
        made = self._send("POST", self._path(resource, namespace), whole)
        revision = int(made["metadata"]["resourceVersion"])
        self._made[resource, namespace, made["metadata"]["name"]] = revision
        return made

    def patch(
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        patch: Mapping[str, Any],
        subresource: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        path = self._path(resource, namespace, name, subresource)
        return self._send("PATCH", path, patch, "application/merge-patch+json")

    def delete(self, resource: Resource, name: str, namespace: str | None) -> None:
        self._send("DELETE", self._path(resource, namespace, name))

    def changes_since(self, _revision: int) -> list[Change]:
        """What happened to the adapters after the last object was made here, in order."""
        query = f"watch=1&timeoutSeconds={WATCHED_S}&resourceVersion={max(self._made.values())}"
        place = self._path(DGDSA, names.NAMESPACE_WORKLOAD)
        events = [json.loads(line) for line in self._ask("GET", f"{place}?{query}").splitlines()]
        return [Change(event["type"], DGDSA, event["object"]) for event in events]

    def clear(self) -> None:
        """Remove what was made here, and what a client made in the workload's namespace."""
        at_once = "gracePeriodSeconds=0&propagationPolicy=Background"
        for resource in RESOURCES:
            if resource.namespaced and resource.kind not in {"Event", "ServiceAccount"}:
                place = self._path(resource, names.NAMESPACE_WORKLOAD)
                with contextlib.suppress(ApiError):
                    self._send("DELETE", f"{place}?{at_once}")
        for resource, namespace, name in self._made:
            with contextlib.suppress(ApiError):
                self.delete(resource, name, namespace)
        self._made.clear()

    @staticmethod
    def _path(
        resource: Resource, namespace: str | None, name: str = "", subresource: str | None = None
    ) -> str:
        root = f"apis/{resource.group}/{resource.version}" if resource.group else "api/v1"
        inside = ["namespaces", namespace] if namespace and resource.namespaced else []
        parts = [root, *inside, resource.plural, name, subresource]
        return "/" + "/".join(part for part in parts if part)

    def _send(
        self, method: str, path: str, body: Any = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._ask(method, path, body, kind))
        return found

    def _ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> str:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(
            self._url + path, data=data, method=method, headers={"Content-Type": kind}
        )
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            told = error.read().decode(errors="replace")
            raise ApiError(error.code, "", told) from None
