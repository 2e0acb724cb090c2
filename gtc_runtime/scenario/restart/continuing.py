"""May a show go on where a panel that died has left it? Pure: what was found in, an answer out.

It goes on when nothing has changed that it stands on: the facts, the workers, the time. Whatever
is not as it was left is a reason to stay manual, told in one sentence. It must not know who asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gtc_runtime.cluster.keda_status import KedaStatus
from gtc_runtime.formats import duration
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.restart.notes import STAMP_S
from gtc_runtime.scenario.restart.record import UNREADABLE, ShowRecord, UnreadableError
from gtc_spec.phases import Timeline
from gtc_spec.pools import ROLES, PDRatio

STATE_MAX_S: Final = 900.0
"""A step that was written longer ago says nothing about now; no phase takes as long."""
LATE_S: Final = 30.0
"""A phase that ended while nobody looked is followed by the next one for so long after its end:
the guardian has ended every pause by then."""
HELD_MAX_S: Final = LATE_S + 2 * STAMP_S
"""A show that stands still has no end; it goes on so long after its last stamp."""
CLOCKS_S: Final = 5.0
"""By so much the clocks of two hosts may differ."""
UNFINISHED: Final = {
    "starting": "it had not begun",
    "stopping": "it was ending",
}
"""Modes of auto mode in which nothing is played."""


@dataclass(frozen=True)
class GoesOn:
    """A show that may go on: its name, and where it stands."""

    run: str
    state: machine.State


@dataclass(frozen=True)
class Found:
    """What a panel finds when it has the Lease.

    Attributes:
        document: The stored state.
        digest: Of the facts that this panel plays by.
        desired: Workers that are ordered now; None when an adapter is missing.
        keda: Both scalers.
        now: The time.
        ended: Identities of panels that are known to have ended in order.
    """

    document: dict[str, Any]
    digest: str
    desired: PDRatio | None
    keda: KedaStatus
    now: datetime
    ended: frozenset[str] = frozenset()

    @property
    def in_auto(self) -> bool:
        """Whether a panel has left auto mode on."""
        mode = self.document.get("mode")
        return mode == "auto" or mode in UNFINISHED


def continued(timeline: Timeline, found: Found, now_s: float) -> GoesOn | str:
    """Where the show goes on, or why it does not.

    Args:
        timeline: What is played.
        found: What was found, auto mode among it.
        now_s: The same moment on the clock of the show.
    """
    try:
        record = ShowRecord.from_json(found.document.get("show"))
        state = record.state(timeline, now_s, found.now)
    except UnreadableError as error:
        return UNFINISHED.get(str(found.document.get("mode")), str(error))
    hindrances = _hindrances(timeline, found, record, state, now_s)
    return next(hindrances, GoesOn(record.run, state))


def _hindrances(
    timeline: Timeline, found: Found, record: ShowRecord, state: machine.State, now_s: float
) -> Iterator[str]:
    """Every condition that does not hold, the first one first."""
    mode = str(found.document.get("mode"))
    if mode in UNFINISHED:
        yield UNFINISHED[mode]
    if str(found.document.get("holder")) in found.ended:
        yield "its panel had ended in order"
    stored = found.document.get("digest")
    if stored != found.digest:
        yield f"it was played by other facts, digest {stored} and not {found.digest}"
    yield from _too_late(timeline, found, record, state, now_s)
    if found.keda.paused_by_other:
        yield f"KEDA is paused by somebody else: {found.keda.paused_by_other}"
    if found.keda.held_at(found.now):
        yield "the fallback state holds"
    if found.desired is None:
        yield "a scaling adapter is missing"
    elif not _as_ordered(timeline, state, found.desired):
        yield f"{found.desired} is ordered and not {record.ordered}"


def _too_late(
    timeline: Timeline, found: Found, record: ShowRecord, state: machine.State, now_s: float
) -> Iterator[str]:
    age_s = _age_s(found)
    if age_s is None:
        yield UNREADABLE
    elif min(age_s, record.played_s(found.now)) < -CLOCKS_S:
        yield "the clock was set back meanwhile"
    most_s = STATE_MAX_S if record.held_s is None else HELD_MAX_S
    if age_s is not None and age_s > most_s:
        yield f"the stored state is {duration(age_s)} old, allowed: {duration(most_s)}"
    over_s = now_s - machine.latest_end_s(timeline, state)
    if record.held_s is None and over_s > LATE_S:
        yield f"its phase ended {duration(over_s)} ago"


def _age_s(found: Found) -> float | None:
    try:
        saved_at = datetime.fromisoformat(str(found.document.get("saved_at")))
        return (found.now - saved_at).total_seconds()
    except (TypeError, ValueError):
        return None


def _as_ordered(timeline: Timeline, state: machine.State, desired: PDRatio) -> bool:
    """Whether each pool is as the show has ordered it; the newest order may not be done yet."""
    segment = machine.running(timeline, state)
    if segment is None or state.index is None or state.ordered is None:
        return False
    before = timeline.segments[state.index - 1].orders[-1].ratio
    orders = {state.ordered, before, *(order.ratio for order in segment.orders)}
    return all(desired.of(role) in {ratio.of(role) for ratio in orders} for role in ROLES)
