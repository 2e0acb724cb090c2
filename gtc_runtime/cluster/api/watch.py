"""Lists a kind and follows its changes; an accelerator for those who otherwise poll at 1 Hz.

Whatever ends a watch - its time limit, 410 inside or outside the stream, silence, a reset, half a
line - is answered the same way: wait a little, list again. kr8s would ask again with the expired
version, some hundred times a second. This module must not know what the objects mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from gtc_runtime.cluster.api.errors import Denied, KubeError, NotFound
from gtc_runtime.cluster.api.kube import Json, Kube, Objects, selector
from gtc_runtime.cluster.api.transport import Request
from gtc_spec.kinds import Kind

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WatchTimes:
    """The times of a watch, seconds.

    Attributes:
        server_s: The server ends it after this; below 300, because a watch keeps its token.
        idle_s: Silence after which the connection counts as half open.
        backoff_s: First wait before listing again; doubles up to ``backoff_max_s``.
    """

    server_s: int = 240
    idle_s: float = 60.0
    backoff_s: float = 0.5
    backoff_max_s: float = 10.0


TIMES: Final = WatchTimes()


async def snapshots(
    kube: Kube, kind: Kind, labels: Mapping[str, str] | None = None, times: WatchTimes = TIMES
) -> AsyncIterator[Objects]:
    """All objects with these labels, at once and again after every change, until closed.

    Raises:
        Denied: We may not list or watch.
        NotFound: The kind does not exist.
    """
    fruitless = 0
    while True:
        try:
            listed, version = await kube.list_at(kind, labels)
            known = {_name(obj): obj for obj in listed}
            yield list(known.values())
            async with contextlib.aclosing(_events(kube, kind, labels, version, times)) as events:
                async for change, obj in events:
                    fruitless = 0
                    if _apply(known, change, obj):
                        yield list(known.values())
        except (Denied, NotFound):
            raise
        except KubeError as error:
            _log.debug("watching %s again: %s", kind.plural, error)
        wait_s = min(times.backoff_s * 2.0**fruitless, times.backoff_max_s)
        fruitless = min(fruitless + 1, 16)
        await asyncio.sleep(wait_s * random.uniform(0.75, 1.25))


async def _events(
    kube: Kube, kind: Kind, labels: Mapping[str, str] | None, version: str, times: WatchTimes
) -> AsyncGenerator[tuple[str, Json], None]:
    """Changes after a version, until the watch ends in whatever way."""
    request = Request(
        "GET",
        f"watch {kind.plural}",
        kind.api_version,
        (kind.plural,),
        kube.namespace if kind.namespaced else None,
        params=selector(labels)
        | {
            "watch": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(times.server_s),
            "allowWatchBookmarks": "true",
        },
    )
    async with kube.transport.lines(request, times.idle_s) as lines:
        async for line in lines:
            event = _decoded(line)
            if event is None:
                return
            yield event


def _decoded(line: str) -> tuple[str, Json] | None:
    """Type and object of one event; None for anything after which only a list helps."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("object"), dict):
        return None
    change = event.get("type")
    if change not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
        return None
    return change, event["object"]


def _apply(known: dict[str, Json], change: str, obj: Json) -> bool:
    """Change what is known; returns whether that was a change."""
    if change == "BOOKMARK":
        return False
    if change == "DELETED":
        return known.pop(_name(obj), None) is not None
    known[_name(obj)] = obj
    return True


def _name(obj: Json) -> str:
    metadata = obj.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
