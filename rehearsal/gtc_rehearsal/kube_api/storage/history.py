"""The last changes of the store, so that a watch can continue from where it stopped.

The history is bounded on purpose: a watch that asks for something older is refused with 410, as
on a real server after compaction, and its client has to list again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from gtc_rehearsal.kube_api.errors import expired
from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.kube_api.resources import Resource

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]


@dataclass(frozen=True)
class Change:
    """One write that took effect.

    Attributes:
        revision: The store's resourceVersion after it.
        type: What happened to the object.
        resource: The object's kind.
        object: The object after the write, or its last state when it was deleted; shared, never
            to be changed.
        previous: The object before the write, None when it was added.
    """

    revision: int
    type: ChangeType
    resource: Resource
    object: Object
    previous: Object | None


class History:
    """A ring of changes.

    Args:
        start: The store's resourceVersion before the first change.
        capacity: How many changes are kept.
    """

    def __init__(self, start: int, capacity: int) -> None:
        self._changes: deque[Change] = deque(maxlen=capacity)
        self._oldest = start

    def append(self, change: Change) -> None:
        """Remember a change, forgetting the oldest one when the ring is full."""
        if len(self._changes) == self._changes.maxlen:
            self._oldest = self._changes[0].revision
        self._changes.append(change)

    def since(self, revision: int) -> list[Change]:
        """The changes after a revision, oldest first.

        Raises:
            ApiError: 410 when some of them have been forgotten.
        """
        if revision < self._oldest:
            raise expired(f"too old resource version: {revision} ({self._oldest})")
        newest_first = takewhile(lambda change: change.revision > revision, reversed(self._changes))
        return list(newest_first)[::-1]
