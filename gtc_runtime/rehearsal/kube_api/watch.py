"""Watches: the stream of changes that follows a list."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from gtc_runtime.rehearsal.kube_api.errors import ApiError, bad_request
from gtc_runtime.rehearsal.kube_api.history import Change
from gtc_runtime.rehearsal.kube_api.objects import Object
from gtc_runtime.rehearsal.kube_api.paths import Target
from gtc_runtime.rehearsal.kube_api.selectors import Predicate
from gtc_runtime.rehearsal.kube_api.store import Store

BOOKMARK_PERIOD_S = 60.0
"""Seconds between bookmarks, as on a real server."""

SHORTEST_DEFAULT_S = 1800.0
"""A watch without timeoutSeconds ends after one to two times this (real server's default)."""

Frame = tuple[str, Object]
"""(type, object): one line of the stream before it is drawn in the format asked for."""


async def frames(
    store: Store,
    target: Target,
    wanted: Predicate,
    query: Mapping[str, str],
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Frame]:
    """The frames of one watch, until its time is up or its history is gone.

    Args:
        store: Where the changes happen.
        target: Kind, and namespace or None.
        wanted: The selectors of the request.
        query: The request's parameters.
        clock: Monotonic seconds.
    """
    deadline = clock() + _length_s(query)
    bookmarks = query.get("allowWatchBookmarks") == "true"
    revision, first = _start(store, target, wanted, query)
    for frame in first:
        yield frame
    next_bookmark = clock() + BOOKMARK_PERIOD_S
    while (now := clock()) < deadline:
        try:
            changes = store.changes_since(revision)
        except ApiError as gone:
            yield "ERROR", gone.status()
            return
        for change in changes:
            revision = change.revision
            if seen := _frame(change, target, wanted):
                yield seen
        if bookmarks and now >= next_bookmark:
            next_bookmark = now + BOOKMARK_PERIOD_S
            yield _bookmark(target, revision)
        wait_s = min(deadline, next_bookmark if bookmarks else deadline) - clock()
        await store.changed(revision, wait_s)
    if bookmarks:
        yield _bookmark(target, revision)


def line(kind: str, drawn: Object) -> bytes:
    """One frame as it goes over the wire."""
    return json.dumps({"type": kind, "object": drawn}, separators=(",", ":")).encode() + b"\n"


def start_revision(query: Mapping[str, str]) -> int:
    """The revision that a list or watch names; 0 for "any".

    Raises:
        ApiError: 400 when it is no number.
    """
    text = query.get("resourceVersion") or "0"
    if not text.isdigit():
        raise bad_request(f'Invalid value: "{text}": resourceVersion: Invalid value: "{text}"')
    return int(text)


def _length_s(query: Mapping[str, str]) -> float:
    text = query.get("timeoutSeconds") or "0"
    if not text.isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return float(text) or SHORTEST_DEFAULT_S * random.uniform(1, 2)


def _start(
    store: Store, target: Target, wanted: Predicate, query: Mapping[str, str]
) -> tuple[int, list[Frame]]:
    """Where the stream begins and what it says first."""
    revision = start_revision(query)
    initial = query.get("sendInitialEvents") == "true"
    if revision and not initial:
        return revision, []
    present = store.select(target.resource, target.namespace, wanted)
    first: list[Frame] = []
    if query.get("sendInitialEvents") != "false":
        first = [("ADDED", obj) for obj in present]
    if initial and query.get("allowWatchBookmarks") == "true":
        end = {"k8s.io/initial-events-end": "true"}
        first.append(_bookmark(target, store.revision, end))
    return store.revision, first


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


def _bookmark(target: Target, revision: int, annotations: Mapping[str, str] | None = None) -> Frame:
    meta: dict[str, Any] = {"resourceVersion": str(revision), "creationTimestamp": None}
    if annotations:
        meta["annotations"] = dict(annotations)
    resource = target.resource
    return "BOOKMARK", {
        "kind": resource.kind,
        "apiVersion": resource.api_version,
        "metadata": meta,
    }
