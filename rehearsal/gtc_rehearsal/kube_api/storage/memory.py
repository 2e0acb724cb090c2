"""The objects themselves, their history and the waiting for news; no rules.

Single event loop, no locks: every method but `changed` runs to its end without giving way. Stored
objects are never changed in place, so that history and watchers can share them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from gtc_rehearsal.kube_api import errors
from gtc_rehearsal.kube_api.objects import Key, Object, clone, key_of
from gtc_rehearsal.kube_api.resources import RESOURCES, Resource
from gtc_rehearsal.kube_api.selectors import Predicate, by_labels, everything
from gtc_rehearsal.kube_api.storage.history import Change, ChangeType, History

FIRST_REVISION = 1000
"""Above 1, so that an ancient resourceVersion is as much too old as on a grown cluster."""


class Memory:
    """What is stored, readable and watchable.

    Args:
        history: How many changes a watch may lag behind before it gets 410.

    Attributes:
        revision: The global resourceVersion, an integer that every effective write raises by one.
    """

    def __init__(self, history: int) -> None:
        self.revision = FIRST_REVISION
        self._objects: dict[Resource, dict[Key, Object]] = {r: {} for r in RESOURCES}
        self._history = History(FIRST_REVISION, history)
        self._news = asyncio.Event()

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
    ) -> Iterator[Object]:
        """As `list`, but the stored objects themselves: read only, for the server's own use."""
        stored = self._objects[resource]
        for key in sorted(stored):
            obj = stored[key]
            if (not namespace or key[0] == namespace) and wanted(obj):
                yield obj

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

    def _record(
        self, kind: ChangeType, resource: Resource, new: Object, old: Object | None
    ) -> None:
        """Make a change take effect: stamp it, store it, remember it, wake who waits."""
        self.revision += 1
        new["metadata"]["resourceVersion"] = str(self.revision)
        if kind == "DELETED":
            del self._objects[resource][key_of(new)]
        else:
            self._objects[resource][key_of(new)] = new
        self._history.append(Change(self.revision, kind, resource, new, old))
        # a new event for the next change: clearing this one could take it from a waiter
        self._news.set()
        self._news = asyncio.Event()
