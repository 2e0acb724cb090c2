"""Where a show stands, in the form that outlives its panel.

Written at every step, keyed by run, cycle and segment. Steps are absolute, so the next panel may
do the recorded one again: what is done already stays as it is. Times are told by the wall clock,
the only one that two processes share. Pure; it must not know who writes or reads it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from gtc_runtime.scenario import machine
from gtc_spec.errors import UsageError
from gtc_spec.phases import Order, Segment, Timeline
from gtc_spec.pools import PDRatio

JSON = dict[str, Any]

UNREADABLE: Final = "the stored state does not say where it stood"


class UnreadableError(ValueError):
    """What was found is no record, or is one of another show."""


@dataclass(frozen=True)
class ShowRecord:
    """One step of one show.

    Attributes:
        run: Which show; no two have the same name.
        cycle: Finished cycles.
        segment: Index in the timeline.
        once: Whether it ends after this cycle.
        ordered: The ratio that is ordered.
        began_at: When the segment began, less what it has stood still.
        gate_s: When its gate opened, seconds after its begin; None while it is closed.
        held_s: How much of it was played when it was made to stand still; None while it moves.
        closed_s: When its gate was closed again, seconds after its begin; None as planned.
        grown_s: When more workers were ordered last, seconds after its begin; None when never.
        changed: Its length, load, gate and orders where the presenter has changed them.
    """

    run: str
    cycle: int
    segment: int
    once: bool
    ordered: PDRatio
    began_at: datetime
    gate_s: float | None
    held_s: float | None
    changed: JSON | None
    closed_s: float | None = None
    grown_s: float | None = None

    @classmethod
    def of(cls, run: str, state: machine.State, now_s: float, now: datetime) -> ShowRecord | None:
        """The record of a show that runs; None when it is idle.

        Args:
            run: Its name.
            state: Where it stands.
            now_s: Clock of the state.
            now: The same moment on the wall.
        """
        if state.index is None or state.ordered is None:
            return None
        held_s = None if state.held_s is None else state.held_s - state.entered_s
        return cls(
            run,
            state.cycle,
            state.index,
            state.once,
            state.ordered,
            now - timedelta(seconds=now_s - state.entered_s),
            None if state.gate_s is None else state.gate_s - state.entered_s,
            held_s,
            None if state.changed is None else _changes(state.changed),
            None if state.closed_s is None else state.closed_s - state.entered_s,
            None if math.isinf(state.grown_s) else state.grown_s - state.entered_s,
        )

    def played_s(self, now: datetime) -> float:
        """How much of the segment was played until ``now``; negative when clocks disagree."""
        return (now - self.began_at).total_seconds() if self.held_s is None else self.held_s

    def state(self, timeline: Timeline, now_s: float, now: datetime) -> machine.State:
        """Where the show stands at ``now``, on the clock of ``now_s``.

        Raises:
            UnreadableError: The timeline has no such segment.
        """
        if not 0 <= self.segment < len(timeline.segments):
            raise UnreadableError(UNREADABLE)
        entered_s = now_s - max(0.0, self.played_s(now))
        changed = None
        if self.changed is not None:
            changed = _changed(timeline.segments[self.segment], self.changed)
        return machine.State(
            index=self.segment,
            entered_s=entered_s,
            gate_s=None if self.gate_s is None else entered_s + self.gate_s,
            ordered=self.ordered,
            cycle=self.cycle,
            once=self.once,
            held_s=None if self.held_s is None else now_s,
            changed=changed,
            closed_s=None if self.closed_s is None else entered_s + self.closed_s,
            grown_s=-math.inf if self.grown_s is None else entered_s + self.grown_s,
        )

    def to_json(self) -> JSON:
        """Plain containers for the stored state."""
        return {
            "run": self.run,
            "cycle": self.cycle,
            "segment": self.segment,
            "once": self.once,
            "ordered": str(self.ordered),
            "began_at": self.began_at.isoformat(timespec="milliseconds"),
            "gate_s": self.gate_s,
            "held_s": self.held_s,
            "changed": self.changed,
            "closed_s": self.closed_s,
            "grown_s": self.grown_s,
        }

    @classmethod
    def from_json(cls, found: Any) -> ShowRecord:
        """Read what `to_json` has made, whatever somebody has done to it since.

        Raises:
            UnreadableError: It is no record.
        """
        try:
            began_at = datetime.fromisoformat(found["began_at"]).astimezone(UTC)
            changed = found["changed"]
            if not (changed is None or isinstance(changed, dict)):
                raise UnreadableError(UNREADABLE)
            return cls(
                str(found["run"]),
                _count(found["cycle"]),
                _count(found["segment"]),
                found["once"] is True,
                PDRatio.parse(found["ordered"]),
                began_at,
                _seconds(found["gate_s"]),
                _seconds(found["held_s"]),
                changed,
                _seconds(found.get("closed_s")),
                _moment(found.get("grown_s")),
            )
        except (KeyError, TypeError, ValueError, OverflowError, UsageError):
            raise UnreadableError(UNREADABLE) from None


def _changes(segment: Segment) -> JSON:
    return {
        "nominal_s": segment.nominal_s,
        "max_s": segment.max_s,
        "rps": segment.rps,
        "gate": segment.gate,
        "orders": [[order.at_s, str(order.ratio)] for order in segment.orders],
    }


def _changed(segment: Segment, changes: JSON) -> Segment:
    try:
        orders = tuple(
            Order(_positive(at_s), PDRatio.parse(ratio)) for at_s, ratio in changes["orders"]
        )
        nominal_s = _positive(changes["nominal_s"])
        if not orders or orders[0].at_s > 0 or nominal_s == 0:
            raise UnreadableError(UNREADABLE)
        gate: Literal["ready"] | None = "ready" if changes["gate"] == "ready" else None
        return replace(
            segment,
            nominal_s=nominal_s,
            max_s=_positive(changes["max_s"]),
            rps=_positive(changes["rps"]),
            gate=gate,
            orders=orders,
        )
    except (KeyError, TypeError, ValueError, UsageError):
        raise UnreadableError(UNREADABLE) from None


def _count(found: Any) -> int:
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    raise UnreadableError(UNREADABLE)


def _seconds(found: Any) -> float | None:
    return None if found is None else _positive(found)


def _moment(found: Any) -> float | None:
    """Orders are ahead of their segment now and then, so it may be negative."""
    return -_positive(-found) if isinstance(found, int | float) and found < 0 else _seconds(found)


def _positive(found: Any) -> float:
    if isinstance(found, int | float) and not isinstance(found, bool):
        seconds = float(found)
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    raise UnreadableError(UNREADABLE)
