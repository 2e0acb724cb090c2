"""The objects of the rehearsal cluster, with the rules of a real API server on every write.

Single event loop, no locks: every method but `changed` runs to its end without giving way. Stored
objects are never changed in place, so that history and watchers can share them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from gtc_runtime.rehearsal.kube_api import admission, apply, errors, lifecycle, ownership, scale
from gtc_runtime.rehearsal.kube_api import patch as patches
from gtc_runtime.rehearsal.kube_api.history import Change, ChangeType, History
from gtc_runtime.rehearsal.kube_api.objects import (
    Key,
    Object,
    clone,
    key_of,
    metadata,
    revision_of,
    utc_now,
)
from gtc_runtime.rehearsal.kube_api.resources import LEASE, NAMESPACE, RESOURCES, Resource
from gtc_runtime.rehearsal.kube_api.selectors import Predicate, by_labels, everything
from gtc_runtime.rehearsal.kube_api.validation import checked, require_readable
from gtc_runtime.rehearsal.kube_api.write import USER, Write
from gtc_spec import names

NAMESPACES = (
    "default",
    "kube-system",
    names.NAMESPACE_WORKLOAD,
    names.NAMESPACE_PANEL,
    names.NAMESPACE_MONITORING,
    names.NAMESPACE_KEDA,
    names.NAMESPACE_PLATFORM,
)
"""Namespaces that exist from the start."""

FIRST_REVISION = 1000
"""Above 1, so that an ancient resourceVersion is as much too old as on a grown cluster."""

HISTORY_CAPACITY = 4096
"""Changes kept for watches; at the show's pace of some ten writes a second, several minutes."""


class Store:
    """The API server's memory.

    Args:
        history: How many changes a watch may lag behind before it gets 410.
        now: Wall clock for time stamps in objects.

    Attributes:
        revision: The global resourceVersion, an integer that every effective write raises by one.
        admission: Hooks asked before each create and update; callers may append.
    """

    def __init__(
        self, history: int = HISTORY_CAPACITY, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.revision = FIRST_REVISION
        self.admission: list[admission.Hook] = list(admission.DEFAULT_HOOKS)
        self._now = now
        self._objects: dict[Resource, dict[Key, Object]] = {r: {} for r in RESOURCES}
        self._news = asyncio.Event()
        self._history = History(FIRST_REVISION, history)
        for name in NAMESPACES:
            self.create(NAMESPACE, {"metadata": {"name": name}})

    def get(self, resource: Resource, name: str, namespace: str | None = None) -> Object:
        """A copy of one object.

        Raises:
            ApiError: 404 when there is none.
        """
        copy: Object = clone(self._stored(resource, name, namespace))
        return copy

    def exists(self, resource: Resource, name: str, namespace: str | None = None) -> bool:
        """Whether there is such an object."""
        return (namespace or "", name) in self._objects[resource]

    def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> list[Object]:
        """Copies of the objects of a kind, ordered by namespace and name.

        Args:
            resource: The kind.
            namespace: Only from there; None for all namespaces.
            labels: Only objects that carry all of these.
        """
        return [clone(obj) for obj in self.select(resource, namespace, by_labels(labels))]

    def select(
        self, resource: Resource, namespace: str | None = None, wanted: Predicate = everything
    ) -> Iterable[Object]:
        """As `list`, but the stored objects themselves: read only, for the server's own use."""
        stored = self._objects[resource]
        for key in sorted(stored):
            obj = stored[key]
            if (not namespace or key[0] == namespace) and wanted(obj):
                yield obj

    def create(
        self,
        resource: Resource,
        obj: Object,
        *,
        actor: str = USER,
        write: Write | None = None,
    ) -> Object:
        """Store a new object; the namespace is that of its metadata.

        Status is dropped where the kind has a status subresource: patch it afterwards.

        Raises:
            ApiError: 409 the name is taken, 404 the namespace does not exist, 422 it breaks its
                schema, 400 it has unknown fields under strict validation, 403 a webhook refuses.
        """
        write = write or Write(actor)
        require_readable(obj)
        new = lifecycle.newborn(resource, clone(obj), self._now())
        self._require_namespace(resource, new)
        new = checked(resource, new, None, write)
        self._admit("CREATE", resource, None, new, write)
        if key_of(new) in self._objects[resource]:
            raise errors.already_exists(resource, key_of(new)[1])
        ownership.record_update(None, new, write.field_manager, None, self._now())
        return self._commit("ADDED", resource, new, None, write)

    def patch(
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        patch: Mapping[str, Any],
        subresource: str | None = None,
        *,
        actor: str = USER,
        write: Write | None = None,
    ) -> Object:
        """Apply a JSON merge patch; a resourceVersion inside it is a precondition.

        Args:
            resource: The kind.
            name: The object's name.
            namespace: Its namespace, None for kinds without.
            patch: RFC 7386 merge patch.
            subresource: "status", "scale" or None for the object itself.
            actor: Who writes, for admission.
            write: All options of the write; overrides `actor`.

        Returns:
            The object after the write (for "scale": the Scale object). A patch that changes
            nothing returns the present object and makes no event.

        Raises:
            ApiError: 404 no such object, 409 stale resourceVersion, 422 the result breaks its
                schema, 403 a webhook refuses.
        """
        write = write or Write(actor)

        def change(present: Object) -> Object:
            merged: Object = patches.merge(present, dict(patch))
            return merged

        return self.modify(resource, name, namespace, change, subresource, write=write)

    def replace(
        self,
        resource: Resource,
        obj: Object,
        subresource: str | None = None,
        *,
        actor: str = USER,
        write: Write | None = None,
    ) -> Object:
        """Replace a whole object (PUT); its metadata name the one meant.

        Raises:
            ApiError: 422 without resourceVersion for custom resources and Leases, else as `patch`.
        """
        namespace, name = key_of(obj)
        must_name_revision = resource.custom or resource is LEASE
        if must_name_revision and subresource != "scale" and not revision_of(obj):
            cause = errors.Cause(
                "FieldValueInvalid",
                "Invalid value: 0x0: must be specified for an update",
                "metadata.resourceVersion",
            )
            raise errors.invalid(resource, name, [cause])
        write = write or Write(actor)
        return self.modify(
            resource, name, namespace, lambda _present: clone(obj), subresource, write=write
        )

    def modify(
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        change: Callable[[Object], Object],
        subresource: str | None = None,
        *,
        write: Write,
    ) -> Object:
        """Change an object by a function from the present to the wanted one; see `patch`."""
        old = self._stored(resource, name, namespace)
        if subresource == "scale":
            change = scale.through(change)
        wanted = change(clone(old))
        require_readable(wanted)
        if revision_of(wanted) not in ("", revision_of(old)):
            raise errors.stale(resource, name)
        new = lifecycle.successor(resource, old, wanted, subresource)
        new = checked(resource, new, old, write)
        if not subresource:
            self._admit("UPDATE", resource, old, new, write)
        ownership.record_update(old, new, write.field_manager, subresource, self._now())
        stored = self._settle(resource, old, new, write)
        return scale.view(stored) if subresource == "scale" else stored

    def apply(
        self,
        resource: Resource,
        applied: Object,
        subresource: str | None = None,
        *,
        force: bool = False,
        write: Write,
    ) -> Object:
        """Server-side apply: own the fields that `applied` names, creating the object if needed.

        Args:
            resource: The kind.
            applied: The fields that the manager wants, with apiVersion, kind and name.
            subresource: "status" or None.
            force: Take fields over from other managers.
            write: Options; `write.field_manager` becomes the owner.

        Raises:
            ApiError: 409 naming each manager and field in conflict, else as `create` and `patch`.
        """
        require_readable(applied)
        namespace, name = key_of(applied)
        old = self._objects[resource].get((namespace, name))
        if old is None:
            return self._create_applied(resource, applied, write)
        wanted = apply.merged(resource, old, applied, write.field_manager, subresource, force)
        if revision_of(wanted) not in ("", revision_of(old)):
            raise errors.stale(resource, name)
        new = lifecycle.successor(resource, old, wanted, subresource)
        new = checked(resource, new, old, write)
        if not subresource:
            self._admit("UPDATE", resource, old, new, write)
        ownership.record_apply(old, new, applied, write.field_manager, subresource, self._now())
        return self._settle(resource, old, new, write)

    def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        actor: str = USER,
        write: Write | None = None,
    ) -> Object:
        """Delete an object, or mark it when finalizers hold it; owned objects stay.

        Returns:
            Its last state; with a deletionTimestamp when it is still there.

        Raises:
            ApiError: 404 when there is none.
        """
        write = write or Write(actor)
        old = self._stored(resource, name, namespace)
        if metadata(old).get("finalizers"):
            if metadata(old).get("deletionTimestamp"):
                copy: Object = clone(old)
                return copy
            return self._commit(
                "MODIFIED", resource, lifecycle.mark_deleted(resource, old, self._now()), old, write
            )
        if resource is NAMESPACE and not write.dry_run:
            self._empty_namespace(name)
        return self._commit("DELETED", resource, clone(old), old, write)

    async def changed(self, since: int, timeout_s: float) -> int:
        """Wait until the global resourceVersion exceeds `since`, at most `timeout_s` seconds.

        Returns:
            The present resourceVersion; not above `since` when the time ran out.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self.revision <= since:
                    await self._news.wait()
        except TimeoutError:
            pass
        return self.revision

    def changes_since(self, revision: int) -> Sequence[Change]:
        """The changes after a revision, oldest first.

        Raises:
            ApiError: 410 when some of them have been forgotten.
        """
        return self._history.since(revision)

    def _stored(self, resource: Resource, name: str, namespace: str | None) -> Object:
        try:
            return self._objects[resource][namespace or "", name]
        except KeyError:
            raise errors.not_found(resource, name) from None

    def _require_namespace(self, resource: Resource, obj: Object) -> None:
        if not resource.namespaced:
            return
        namespace = obj["metadata"].setdefault("namespace", "default")
        if ("", namespace) not in self._objects[NAMESPACE]:
            raise errors.not_found(NAMESPACE, namespace)

    def _admit(
        self,
        operation: Literal["CREATE", "UPDATE"],
        resource: Resource,
        old: Object | None,
        new: Object,
        write: Write,
    ) -> None:
        def peers() -> Sequence[Object]:
            return list(self.select(resource, key_of(new)[0]))

        request = admission.Request(operation, resource, old, new, write.actor, peers)
        for hook in self.admission:
            write.warnings += hook(request)

    def _create_applied(self, resource: Resource, applied: Object, write: Write) -> Object:
        new = lifecycle.newborn(resource, clone(applied), self._now())
        self._require_namespace(resource, new)
        new = checked(resource, new, None, write)
        self._admit("CREATE", resource, None, new, write)
        ownership.record_apply(None, new, applied, write.field_manager, None, self._now())
        return self._commit("ADDED", resource, new, None, write)

    def _settle(self, resource: Resource, old: Object, new: Object, write: Write) -> Object:
        if lifecycle.same(old, new):
            copy: Object = clone(old)
            return copy
        if lifecycle.may_go(new):
            return self._commit("DELETED", resource, new, old, write)
        return self._commit("MODIFIED", resource, new, old, write)

    def _commit(
        self, kind: ChangeType, resource: Resource, new: Object, old: Object | None, write: Write
    ) -> Object:
        copy: Object = clone(new)
        if write.dry_run:
            return copy
        self.revision += 1
        new["metadata"]["resourceVersion"] = str(self.revision)
        copy["metadata"]["resourceVersion"] = str(self.revision)
        if kind == "DELETED":
            del self._objects[resource][key_of(new)]
        else:
            self._objects[resource][key_of(new)] = new
        self._history.append(Change(self.revision, kind, resource, new, old))
        self._news.set()
        self._news = asyncio.Event()
        return copy

    def _empty_namespace(self, namespace: str) -> None:
        for resource in RESOURCES:
            if resource.namespaced:
                for obj in self.list(resource, namespace):
                    self.delete(resource, obj["metadata"]["name"], namespace)
