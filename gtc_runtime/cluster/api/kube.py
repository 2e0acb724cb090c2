"""The Kubernetes client of the runtime: plain dictionaries in and out, one error tree.

Every call has a time limit and a bounded number of tries (see `transport`). Nothing here waits
for an effect: callers read back what they need to know. This module must not know Dynamo, KEDA or
the demo.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Self

from gtc_runtime.cluster.api.clock import boot_clock
from gtc_runtime.cluster.api.errors import Fenced, KubeError
from gtc_runtime.cluster.api.transport import Answer, Limits, Request, Transport
from gtc_spec import foreign_json
from gtc_spec.kinds import ACCESS_REVIEW, Kind

Json = dict[str, Any]
"""A Kubernetes object as the API sends it."""
Objects = list[Json]

_PAGE = "500"
_PAGES_MAX = 100


class Kube:
    """Objects of one namespace.

    All methods raise `KubeError` or one of its children: `NotFound`, `Conflict`, `Denied`,
    `Unreachable`; nothing else, whatever the server sends.
    """

    def __init__(
        self, transport: Transport, namespace: str, may_write: Callable[[], bool] = lambda: True
    ) -> None:
        self.transport = transport
        self.namespace = namespace
        self._may_write = may_write

    @classmethod
    async def connect(
        cls,
        namespace: str,
        kubeconfig: str | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = boot_clock,
    ) -> Kube:
        """Connect and prove that the API answers.

        Args:
            namespace: Where all objects of this client live.
            kubeconfig: A file; None takes ``KUBECONFIG``, then ``~/.kube/config``, then the
                service account of the pod.
            limits: Time and tries of each call.
            clock: Monotonic seconds.

        Raises:
            Unreachable: No usable credentials, or no answer.
        """
        return cls(
            await Transport.open(kubeconfig, namespace, limits or Limits(), clock), namespace
        )

    @property
    def clock(self) -> Callable[[], float]:
        """Monotonic seconds, by which all that stands on this client measures its times."""
        return self.transport.clock

    def within(self, namespace: str) -> Kube:
        """The same connections, for the objects of another namespace; close only one of them."""
        return Kube(self.transport, namespace, self._may_write)

    def fenced(self, may_write: Callable[[], bool]) -> Kube:
        """The same connections; a write is refused unless ``may_write`` says yes at that moment.

        Every patch, create, replace and delete raises `Fenced` then, and nothing is sent.
        """
        return Kube(self.transport, self.namespace, may_write)

    async def close(self) -> None:
        """Close the connections."""
        await self.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def get(self, kind: Kind, name: str, subresource: str | None = None) -> Json:
        """One object."""
        path = (kind.plural, name, *_optional(subresource))
        return _document(await self._send("GET", f"get {'/'.join(path)}", kind, path))

    async def list(self, kind: Kind, labels: Mapping[str, str] | None = None) -> Objects:
        """All objects with these labels."""
        params = _selector(labels) | {"limit": _PAGE}
        objects: Objects = []
        for _ in range(_PAGES_MAX):
            page = _document(
                await self._send("GET", f"list {kind.plural}", kind, (kind.plural,), params=params)
            )
            items, metadata = page.get("items") or [], page.get("metadata") or {}
            if not isinstance(items, list) or not isinstance(metadata, dict):
                raise KubeError(f"kubernetes sent no list of {kind.plural}")
            objects += [item for item in items if isinstance(item, dict)]
            token = metadata.get("continue")
            if not token:
                return objects
            params = params | {"continue": str(token)}
        raise KubeError(f"the list of {kind.plural} does not end after {_PAGES_MAX} pages")

    async def patch(
        self,
        kind: Kind,
        name: str,
        patch: Mapping[str, Any],
        *,
        subresource: str | None = None,
        resource_version: str | None = None,
    ) -> Json:
        """Apply a JSON merge patch.

        Args:
            kind: Its kind.
            name: Its name.
            patch: Absolute values; null removes a key.
            subresource: ``scale`` or ``status``.
            resource_version: Patch only this version; `Conflict` when it is no longer current.
                Without it the patch is repeated when its outcome is unknown.
        """
        body: Json = dict(patch)
        if resource_version is not None:
            metadata = dict(body.get("metadata") or {})
            body["metadata"] = metadata | {"resourceVersion": resource_version}
        path = (kind.plural, name, *_optional(subresource))
        return _document(
            await self._send(
                "PATCH",
                f"patch {'/'.join(path)}",
                kind,
                path,
                body=body,
                content_type="application/merge-patch+json",
                repeatable=resource_version is None,
            )
        )

    async def create(self, kind: Kind, obj: Mapping[str, Any]) -> Json:
        """Create an object; `Conflict` when it exists."""
        named = f"create {kind.plural}/{_name(obj)}"
        return _document(
            await self._send("POST", named, kind, (kind.plural,), body=obj, repeatable=False)
        )

    async def replace(self, kind: Kind, obj: Mapping[str, Any]) -> Json:
        """Replace an object by one with the resource version that was read; else `Conflict`."""
        path = (kind.plural, _name(obj))
        return _document(
            await self._send(
                "PUT", f"replace {'/'.join(path)}", kind, path, body=obj, repeatable=False
            )
        )

    async def delete(self, kind: Kind, name: str) -> None:
        """Delete an object and all that it made; it may live on until its finalizers are done."""
        # by default batch/v1 leaves the pods of a Job behind
        params = {"propagationPolicy": "Background"}
        path = (kind.plural, name)
        await self._send("DELETE", f"delete {kind.plural}/{name}", kind, path, params=params)

    async def can(self, verb: str, kind: Kind, name: str = "", subresource: str = "") -> bool:
        """Whether our account may do this, as the server itself says."""
        asked = {
            "namespace": self.namespace,
            "verb": verb,
            "group": kind.group,
            "resource": kind.plural,
            "subresource": subresource,
            "name": name,
        }
        review = {
            **ACCESS_REVIEW.type_meta,
            "spec": {"resourceAttributes": asked},
        }
        # A question in the form of a create: asking twice changes nothing.
        answer = await self._send(
            "POST",
            f"ask whether we may {verb}",
            ACCESS_REVIEW,
            (ACCESS_REVIEW.plural,),
            body=review,
        )
        status = _document(answer).get("status")
        return isinstance(status, dict) and status.get("allowed") is True

    async def _send(
        self,
        method: str,
        action: str,
        kind: Kind,
        path: tuple[str, ...],
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        repeatable: bool = True,
    ) -> Answer:
        # a review is a question in the form of a create
        writes = method != "GET" and kind is not ACCESS_REVIEW
        if writes and not self._may_write():
            raise Fenced(f"refused to {action}: we do not hold the lease")
        return await self.transport.send(
            Request(
                method,
                action,
                kind.api_version,
                path,
                self.namespace if kind.namespaced else None,
                params=params or {},
                body=None if body is None else json.dumps(body).encode(),
                content_type=content_type,
                repeatable=repeatable,
                may_send=self._may_write if writes else _always,
            )
        )


def _always() -> bool:
    return True


def _selector(labels: Mapping[str, str] | None) -> dict[str, str]:
    """Query parameters that select by labels."""
    if not labels:
        return {}
    return {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())}


def resource_version(obj: Mapping[str, Any]) -> str:
    """The version of an object as it was read."""
    return str((obj.get("metadata") or {}).get("resourceVersion", ""))


def _optional(subresource: str | None) -> tuple[str, ...]:
    return () if subresource is None else (subresource,)


def _name(obj: Mapping[str, Any]) -> str:
    return str((obj.get("metadata") or {}).get("name", ""))


def _document(answer: Answer) -> Json:
    try:
        document = foreign_json.read(answer.body)
    except ValueError as error:
        raise KubeError("kubernetes sent something that is not JSON") from error
    if not isinstance(document, dict):
        raise KubeError(f"kubernetes sent a {type(document).__name__} where an object belongs")
    if not isinstance(document.get("metadata") or {}, dict):
        raise KubeError("kubernetes sent an object whose metadata is none")
    return document
