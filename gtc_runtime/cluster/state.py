"""The state of the demo as one JSON document in a ConfigMap, written by compare-and-set.

It outlives every process. Each write carries the epoch of the writer's Lease; a writer whose
epoch is older than the stored one is fenced off. This module must not know what the document
means beyond its events.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from gtc_runtime.cluster.api.errors import Conflict, Fenced, KubeError, NotFound, Unreachable
from gtc_runtime.cluster.api.kube import Json, Kube, resource_version
from gtc_spec import foreign_json, names
from gtc_spec.kinds import CONFIG_MAP

_KEY = "state.json"
_EVENTS_MAX = 50
"""Events kept in the document; a ConfigMap holds 1 MiB and these are for the next start only."""
_RACES_MAX = 5
SCHEMA: Final = 1


@dataclass(frozen=True)
class Stored:
    """The document as it was read.

    Attributes:
        document: The state; empty when there is none.
        epoch: Epoch of its last writer.
        version: Resource version of the ConfigMap, None when it does not exist.
        problem: What is wrong with what was found, one line; empty when it is fine.
    """

    document: Json = field(default_factory=dict)
    epoch: int = 0
    version: str | None = None
    problem: str = ""


class StateStore:
    """Reads and writes the document.

    Args:
        kube: A client of the namespace of the ConfigMap.
        name: Name of the ConfigMap.
    """

    def __init__(self, kube: Kube, name: str = names.STATE_CONFIG_MAP) -> None:
        self._kube = kube
        self._name = name

    async def read(self) -> Stored:
        """The document now; empty when there is none or it cannot be read as one.

        Raises:
            KubeError: Kubernetes does not answer or refuses.
        """
        try:
            found = await self._kube.get(CONFIG_MAP, self._name)
        except NotFound:
            return Stored()
        return _stored(found)

    async def write(self, document: Json, epoch: int, expected: Stored) -> Stored:
        """Replace the document, if it is still the one that was read.

        Args:
            document: The whole new state.
            epoch: Epoch of the writer's Lease.
            expected: What the new state was made from.

        Raises:
            Fenced: A writer of a later epoch was here.
            Conflict: Somebody wrote since ``expected`` was read.
            KubeError: Kubernetes does not answer or refuses.
        """
        if expected.epoch > epoch:
            raise Fenced(f"the state belongs to epoch {expected.epoch}, ours is {epoch}")
        text = json.dumps(document | {"schema": SCHEMA, "epoch": epoch}, sort_keys=True)
        if expected.version is not None:
            patch = {"data": {_KEY: text}}
            return _stored(
                await self._kube.patch(
                    CONFIG_MAP, self._name, patch, resource_version=expected.version
                )
            )
        fresh = {
            **CONFIG_MAP.type_meta,
            "metadata": {"name": self._name},
            "data": {_KEY: text},
        }
        return _stored(await self._kube.create(CONFIG_MAP, fresh))

    async def update(self, epoch: int, change: Callable[[Json], Json]) -> Stored:
        """Read, change and write, again when somebody else was faster.

        Args:
            epoch: Epoch of the writer's Lease.
            change: Makes the new document; may run several times and must not keep count.

        Raises:
            Fenced: A writer of a later epoch was here.
            Unreachable: No answer; whether the write took effect is unknown.
            KubeError: Kubernetes refuses, or the race was lost too often.
        """
        last: Conflict | None = None
        for _ in range(_RACES_MAX):
            found = await self.read()
            wanted = change(dict(found.document))
            try:
                return await self.write(wanted, epoch, found)
            except Conflict as lost:
                last = lost
            except Unreachable:
                # It may have been applied: read back instead of writing twice.
                now = await self.read()
                if now.epoch == epoch and _own(now.document) == _own(wanted):
                    return now
                raise
        raise KubeError("the state was written by others all the time") from last


def with_event(document: Json, kind: str, text: str, at: datetime | None = None) -> Json:
    """The document with one more event; only the newest are kept.

    Args:
        document: The state.
        kind: One of the kinds of `gtc_runtime.view.EventView`.
        text: What happened, for a person.
        at: When, now by default.
    """
    stamp = (at or datetime.now(UTC)).isoformat(timespec="seconds")
    known = document.get("events")
    events = [
        *(known if isinstance(known, list) else []),
        {"at": stamp, "kind": kind, "text": text},
    ]
    return document | {"events": events[-_EVENTS_MAX:]}


def _stored(config_map: Json) -> Stored:
    version = resource_version(config_map)
    data: Any = config_map.get("data")
    text = data.get(_KEY) if isinstance(data, dict) else None
    if text is None:
        return Stored(version=version)
    try:
        document = foreign_json.read(text)
    except (TypeError, ValueError, AttributeError):
        return Stored(version=version, problem="the stored state is not JSON and counts as empty")
    if not isinstance(document, dict):
        return Stored(version=version, problem="the stored state is no object and counts as empty")
    epoch = document.get("epoch")
    # An epoch is an int32 of the Lease; anything else was not written by us.
    if not isinstance(epoch, int) or not 0 <= epoch < 2**31 - 1:
        epoch = 0
    return Stored(document, epoch, version)


def _own(document: Json) -> Json:
    return {key: value for key, value in document.items() if key not in ("schema", "epoch")}
