"""The objects of the rehearsal cluster, with the rules of a real API server on every write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gtc_rehearsal.kube_api import errors
from gtc_rehearsal.kube_api.objects import (
    Object,
    clone,
    key_of,
    metadata,
    revision_of,
    utc_now,
)
from gtc_rehearsal.kube_api.resources import LEASE, NAMESPACE, RESOURCES, Resource
from gtc_rehearsal.kube_api.storage import admission, lifecycle, scale
from gtc_rehearsal.kube_api.storage.decoding import require_readable
from gtc_rehearsal.kube_api.storage.history import ChangeType
from gtc_rehearsal.kube_api.storage.memory import Memory
from gtc_rehearsal.kube_api.storage.patch import merge
from gtc_rehearsal.kube_api.storage.validation import checked
from gtc_rehearsal.kube_api.write import USER, Write
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

HISTORY_CAPACITY = 4096
"""Changes kept for watches; at the show's pace of some ten writes a second, several minutes."""


class Store(Memory):
    """The API server's memory behind the API server's rules.

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
        super().__init__(history)
        self.admission: list[admission.Hook] = list(admission.DEFAULT_HOOKS)
        self._now = now
        self._owners = scale.Owners()
        for name in NAMESPACES:
            self.create(NAMESPACE, {"metadata": {"name": name}})

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
        obj = clone(obj)
        require_readable(resource, obj)
        new = lifecycle.prepared_for_create(resource, obj, self._now())
        self._require_namespace(resource, new)
        new = checked(resource, new, None, write)
        self._admit(resource, None, new, write)
        namespace, name = key_of(new)
        if self.exists(resource, name, namespace):
            raise errors.already_exists(resource, name)
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
            merged: Object = clone(merge(present, dict(patch)))
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
            raise errors.revision_missing(resource, name)
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
        stored = self._advance(resource, old, change(clone(old)), subresource, write)
        return scale.view(stored) if subresource == "scale" else stored

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
                return self.get(resource, name, namespace)
            marked = lifecycle.mark_deleted(resource, old, self._now())
            return self._commit("MODIFIED", resource, marked, old, write)
        if resource is NAMESPACE and not write.dry_run:
            self._empty_namespace(name)
        return self._commit("DELETED", resource, clone(old), old, write)

    def _advance(
        self,
        resource: Resource,
        old: Object,
        wanted: Object,
        subresource: str | None,
        write: Write,
    ) -> Object:
        """Take an object from one state to the next, past every rule."""
        require_readable(resource, wanted, patched=True)
        if revision_of(wanted) not in ("", revision_of(old)):
            raise errors.stale(resource, key_of(old)[1])
        new = lifecycle.prepared_for_update(resource, old, wanted, subresource)
        new = checked(resource, new, old, write)
        if not subresource:  # the webhooks are registered for the main resource alone
            self._admit(resource, old, new, write)
        if lifecycle.same(old, new) and not self._owners.moves(resource, old, subresource):
            copy: Object = clone(old)
            return copy
        kind: ChangeType = "DELETED" if lifecycle.may_go(new) else "MODIFIED"
        return self._commit(kind, resource, new, old, write, subresource)

    def _commit(
        self,
        kind: ChangeType,
        resource: Resource,
        new: Object,
        old: Object | None,
        write: Write,
        subresource: str | None = None,
    ) -> Object:
        if not write.dry_run:
            self._owners.see(resource, old, new, subresource)
            self._record(kind, resource, new, old)
        copy: Object = clone(new)
        return copy

    def _require_namespace(self, resource: Resource, obj: Object) -> None:
        if not resource.namespaced:
            return
        namespace = obj["metadata"].setdefault("namespace", "default")
        if not self.exists(NAMESPACE, namespace):
            raise errors.not_found(NAMESPACE, namespace)

    def _admit(self, resource: Resource, old: Object | None, new: Object, write: Write) -> None:
        def peers() -> Sequence[Object]:
            return list(self.select(resource, key_of(new)[0]))

        request = admission.Request(resource, old, new, write.actor, peers)
        for hook in self.admission:
            write.warnings += hook(request)

    def _empty_namespace(self, namespace: str) -> None:
        for resource in RESOURCES:
            if resource.namespaced:
                for obj in self.list(resource, namespace):
                    self.delete(resource, obj["metadata"]["name"], namespace)
