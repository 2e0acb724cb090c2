"""Watches: the stream of changes that follows a list."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from gtc_rehearsal.kube_api.errors import ApiError, bad_request, invalid_version
from gtc_rehearsal.kube_api.http.paths import Target
from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.kube_api.selectors import Predicate
from gtc_rehearsal.kube_api.storage.history import Change
from gtc_rehearsal.kube_api.storage.store import Store

BOOKMARK_PERIOD_S = 60.0
"""Seconds between bookmarks, as on a real server."""
BEFORE_END_S = 2.0
"""The last bookmark comes this long before the end; a shorter watch gets none."""

SHORTEST_DEFAULT_S = 1800.0
"""A watch without timeoutSeconds ends after one to two times this (real server's default)."""

Frame = tuple[str, Object]
"""(type, object): one line of the stream before it is drawn in the format asked for."""


class Watch:
    """One watch, from its request to its end.

    Args:
        store: Where the changes happen.
        target: Kind, and namespace or None.
        wanted: The selectors of the request.
        query: The request's parameters.
        clock: Monotonic seconds.

    Raises:
        ApiError: 400 or 500 for parameters that are no numbers.
    """

    def __init__(
        self,
        store: Store,
        target: Target,
        wanted: Predicate,
        query: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._target = target
        self._wanted = wanted
        self._clock = clock
        self._length_s = _length_s(query)
        self._wants_bookmarks = query.get("allowWatchBookmarks") == "true"
        self._initial_events = query.get("sendInitialEvents", "")
        self._revision = start_revision(query, watch=True)
        self._told = self._revision

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """The frames, until the watch's time is up or its history is gone."""
        deadline = self._clock() + self._length_s
        bookmark_s = self._next_bookmark(deadline)
        for frame in self._first():
            yield frame
        while (now := self._clock()) < deadline:
            try:
                changes = self._store.changes_since(self._revision)
            except ApiError as gone:
                yield "ERROR", gone.status()
                return
            for change in changes:
                self._revision = change.revision
                if seen := _frame(change, self._target, self._wanted):
                    self._told = self._revision
                    yield seen
            if now >= bookmark_s:
                bookmark_s = self._next_bookmark(deadline)
                if self._revision > self._told:  # it would say nothing new
                    yield self._bookmark()
            await self._store.changed(self._revision, min(deadline, bookmark_s) - self._clock())

    def _next_bookmark(self, deadline: float) -> float:
        """When the next bookmark is due; never without being asked for, nor close to the end."""
        last = deadline - BEFORE_END_S
        if not self._wants_bookmarks or self._clock() >= last:
            return math.inf
        return min(self._clock() + BOOKMARK_PERIOD_S, last)

    def _first(self) -> list[Frame]:
        """What the stream says before any change; moves the revision to the present."""
        if self._revision and self._initial_events != "true":
            return []
        self._told = self._revision = self._store.revision
        if self._initial_events == "false":
            return []
        present = self._store.select(self._target.resource, self._target.namespace, self._wanted)
        first: list[Frame] = [("ADDED", obj) for obj in present]
        if self._initial_events == "true" and self._wants_bookmarks:
            first.append(self._bookmark({"k8s.io/initial-events-end": "true"}))
        return first

    def _bookmark(self, annotations: Mapping[str, str] | None = None) -> Frame:
        self._told = self._revision
        meta: dict[str, Any] = {"resourceVersion": str(self._revision), "creationTimestamp": None}
        if annotations:
            meta["annotations"] = dict(annotations)
        resource = self._target.resource
        return "BOOKMARK", {
            "kind": resource.kind,
            "apiVersion": resource.api_version,
            "metadata": meta,
        }


def line(kind: str, drawn: Object) -> bytes:
    """One frame as it goes over the wire."""
    return json.dumps({"type": kind, "object": drawn}, separators=(",", ":")).encode() + b"\n"


def start_revision(query: Mapping[str, str], *, watch: bool = False) -> int:
    """The revision that a list or watch names; 0 for "any".

    Raises:
        ApiError: 400 when it is no number, and 500 for a watch.
    """
    text = query.get("resourceVersion") or "0"
    if not text.isdigit():
        raise invalid_version(text, watch=watch)
    return int(text)


def _length_s(query: Mapping[str, str]) -> float:
    text = query.get("timeoutSeconds") or "0"
    if not text.isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return float(text) or SHORTEST_DEFAULT_S * random.uniform(1, 2)


def _frame(change: Change, target: Target, wanted: Predicate) -> Frame | None:
    """What a change looks like through the watch's filter."""
    if change.resource is not target.resource:
        return None
    if target.namespace and change.object["metadata"].get("namespace") != target.namespace:
        return None
    was_in = change.previous is not None and wanted(change.previous)
    is_in = change.type != "DELETED" and wanted(change.object)
    if not was_in and not is_in:
        return None
    if not is_in:
        return "DELETED", change.object
    return ("MODIFIED" if was_in else "ADDED"), change.object
