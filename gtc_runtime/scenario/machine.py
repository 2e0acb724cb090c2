"""The scenario machine: pure decisions of auto mode.

``step(timeline, state, observation) -> (state, actions)``. It walks the segments of a timeline,
opens gates, ends stress early and says which ratio to order. What the presenter may do to it is in
`gtc_runtime.scenario.steering`. The live conductor and the planner run this same code. It must not
know asyncio, clusters, the load engine or where time comes from.

Actions are absolute, so that doing one twice is harmless.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from gtc_spec.phases import PhaseName, Segment, Timeline, phase_title
from gtc_spec.pools import PDRatio
from gtc_spec.workloads import WorkloadMix


@dataclass(frozen=True)
class Observation:
    """What the machine may look at.

    Attributes:
        now_s: Seconds of a monotonic clock.
        ready: Ready workers, or None when the cluster did not answer.
        queued: Requests that wait for their first token, or None when unknown.
    """

    now_s: float
    ready: PDRatio | None
    queued: int | None


@dataclass(frozen=True)
class State:
    """Where the show stands.

    Attributes:
        index: Segment of the timeline, or None for IDLE.
        entered_s: When the segment began, on the clock of the observations.
        gate_s: When its gate opened; equals ``entered_s`` without a gate, None while closed.
        ordered: The ratio that was ordered last.
        cycle: Finished cycles.
        once: Whether the show stops after one cycle.
        held_s: When the show was made to stand still, None while it moves. Orders, rates and ends
            go by a clock that has stopped then; a gate still opens and a guard still ends.
        changed: The running segment as the presenter has made it; None as planned.
        grown_s: When workers were ordered last that are more than before.
        closed_s: When the gate was closed although the segment had begun before; None as planned.
    """

    index: int | None = None
    entered_s: float = 0.0
    gate_s: float | None = None
    ordered: PDRatio | None = None
    cycle: int = 0
    once: bool = False
    held_s: float | None = None
    changed: Segment | None = None
    grown_s: float = -math.inf
    closed_s: float | None = None


IDLE = State()
Why = Literal["start", "time", "guard", "next"]


@dataclass(frozen=True)
class SetRatio:
    """Make the pools this large."""

    ratio: PDRatio


@dataclass(frozen=True)
class Entered:
    """A segment began; ``why`` is the reason that the one before it ended."""

    index: int
    why: Why


@dataclass(frozen=True)
class GateOpened:
    """Every desired worker of the segment is Ready."""

    waited_s: float


@dataclass(frozen=True)
class GateExpired:
    """The gate never opened; the show goes on without it."""

    missing: PDRatio


@dataclass(frozen=True)
class Finished:
    """One cycle was asked for and is over."""


Action = SetRatio | Entered | GateOpened | GateExpired | Finished


def start(timeline: Timeline, now_s: float, *, once: bool = False) -> tuple[State, list[Action]]:
    """Begin at the first segment."""
    return _enter(timeline, State(once=once), 0, now_s, "start")


def step(timeline: Timeline, state: State, seen: Observation) -> tuple[State, list[Action]]:
    """One look at the world: at most one change of segment, plus the orders that are due."""
    segment = running(timeline, state)
    if segment is None:
        return state, []
    actions: list[Action] = []
    if state.gate_s is None and is_ready(segment, seen.ready):
        since_s = state.entered_s if state.closed_s is None else state.closed_s
        state = replace(state, gate_s=_show_clock_s(state, seen.now_s))
        actions.append(GateOpened(seen.now_s - since_s))
    why = _why_over(timeline, state, segment.guard_queued, seen)
    if why is not None and state.index is not None:
        if state.gate_s is None:
            actions.append(GateExpired(segment.ratio))
        index = (state.index + 1) % len(timeline.segments)
        state, entered = go_to(timeline, state, index, seen.now_s, why)
        return state, actions + entered
    ratio = segment.ratio_at(elapsed_s(state, seen.now_s))
    if ratio != state.ordered:
        state = _ordered(state, ratio, seen.now_s)
        actions.append(SetRatio(ratio))
    return state, actions


def load_at(timeline: Timeline, state: State, now_s: float) -> tuple[float, WorkloadMix] | None:
    """Rate and mix that should run now, or None when idle."""
    segment = running(timeline, state)
    return None if segment is None else (segment.rps_at(elapsed_s(state, now_s)), segment.mix)


def running(timeline: Timeline, state: State) -> Segment | None:
    """The segment that is on, as the presenter has changed it; None when idle."""
    if state.index is None:
        return None
    return state.changed or timeline.segments[state.index]


def elapsed_s(state: State, now_s: float) -> float:
    """How much of the segment has been played; standing still does not count."""
    return max(0.0, _show_clock_s(state, now_s) - state.entered_s)


def left_s(timeline: Timeline, state: State, now_s: float) -> float:
    """How long the segment still lasts at most, as far as is known; rests while it is held."""
    return max(0.0, latest_end_s(timeline, state) - _show_clock_s(state, now_s))


def phase_of(timeline: Timeline, state: State) -> PhaseName:
    """The phase that is on."""
    return PhaseName.IDLE if state.index is None else timeline.segments[state.index].phase.name


def ahead_of(timeline: Timeline, state: State, ratio: PDRatio) -> str:
    """Title of the later phase that wants pools of this size; empty when the present one does."""
    if state.index is None:
        return ""
    lap = timeline.segments[state.index :] + timeline.segments[: state.index]
    needing = [each.phase for each in lap if each.ratio.at_least(ratio) == each.ratio]
    here = not needing or needing[0] is lap[0].phase
    return "" if here else phase_title(needing[0].name)


def latest_end_s(timeline: Timeline, state: State) -> float:
    """When the current segment ends at the latest, as far as is known and if it is not held."""
    segment = running(timeline, state)
    if segment is None:
        return state.entered_s
    limit = state.entered_s + segment.max_s
    return limit if state.gate_s is None else min(limit, state.gate_s + segment.nominal_s)


def _show_clock_s(state: State, now_s: float) -> float:
    return now_s if state.held_s is None else state.held_s


def is_ready(segment: Segment, ready: PDRatio | None) -> bool:
    """Whether every worker that a segment wants is there; not when that is not known."""
    return ready is not None and covers(ready, segment.ratio)


def covers(there: PDRatio, wanted: PDRatio) -> bool:
    """Whether both pools are as large as wanted, or larger."""
    return there.prefill >= wanted.prefill and there.decode >= wanted.decode


def _why_over(
    timeline: Timeline, state: State, guard: int | None, seen: Observation
) -> Literal["time", "guard"] | None:
    if state.held_s is None and seen.now_s >= latest_end_s(timeline, state):
        return "time"
    return "guard" if guard and seen.queued is not None and seen.queued > guard else None


def go_to(
    timeline: Timeline, state: State, index: int, now_s: float, why: Why
) -> tuple[State, list[Action]]:
    """Enter a segment; the first one again is the end of a cycle."""
    if index > 0:
        return _enter(timeline, state, index, now_s, why)
    state = replace(state, cycle=state.cycle + 1)
    if state.once:
        return replace(IDLE, cycle=state.cycle, ordered=state.ordered), [Finished()]
    return _enter(timeline, state, 0, now_s, why)


def _enter(
    timeline: Timeline, state: State, index: int, now_s: float, why: Why
) -> tuple[State, list[Action]]:
    segment = timeline.segments[index]
    ratio = segment.ratio_at(0)
    actions: list[Action] = [Entered(index, why)]
    if ratio != state.ordered:
        actions.append(SetRatio(ratio))
    state = _ordered(state, ratio, now_s)
    gate_s = None if segment.gate else now_s
    begun = replace(state, index=index, entered_s=now_s, gate_s=gate_s)
    return replace(begun, held_s=None, changed=None, closed_s=None), actions


def _ordered(state: State, ratio: PDRatio, now_s: float) -> State:
    grows = state.ordered is None or not covers(state.ordered, ratio)
    return replace(state, ordered=ratio, grown_s=now_s if grows else state.grown_s)
