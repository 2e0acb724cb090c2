"""The scenario machine: pure decisions of auto mode.

``step(timeline, state, observation) -> (state, actions)``. It walks the segments of a timeline,
opens gates, ends stress early and says which ratio to order. The live conductor and the planner
run this same code. It must not know asyncio, clusters, the load engine or where time comes from.

Actions are absolute, so that doing one twice is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gtc_spec.phases import PhaseName, Segment, Timeline
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
    """

    index: int | None = None
    entered_s: float = 0.0
    gate_s: float | None = None
    ordered: PDRatio | None = None
    cycle: int = 0
    once: bool = False


IDLE = State()


@dataclass(frozen=True)
class SetRatio:
    """Make the pools this large."""

    ratio: PDRatio


@dataclass(frozen=True)
class Entered:
    """A segment began; ``why`` is the reason that the one before it ended."""

    index: int
    why: Literal["start", "time", "guard"]


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
    if state.index is None:
        return state, []
    segment = timeline.segments[state.index]
    actions: list[Action] = []
    if state.gate_s is None and _is_ready(segment, seen):
        state = replace(state, gate_s=seen.now_s)
        actions.append(GateOpened(seen.now_s - state.entered_s))
    why = _why_over(segment, state, seen)
    if why is not None:
        if state.gate_s is None:
            actions.append(GateExpired(segment.ratio))
        state, entered = _advance(timeline, state, seen.now_s, why)
        return state, actions + entered
    ratio = segment.ratio_at(seen.now_s - state.entered_s)
    if ratio != state.ordered:
        state = replace(state, ordered=ratio)
        actions.append(SetRatio(ratio))
    return state, actions


def load_at(timeline: Timeline, state: State, now_s: float) -> tuple[float, WorkloadMix] | None:
    """Rate and mix that should run now, or None when idle."""
    if state.index is None:
        return None
    segment = timeline.segments[state.index]
    return segment.rps_at(now_s - state.entered_s), segment.mix


def phase_of(timeline: Timeline, state: State) -> PhaseName:
    """The phase that is on."""
    return PhaseName.IDLE if state.index is None else timeline.segments[state.index].phase.name


def latest_end_s(timeline: Timeline, state: State) -> float:
    """When the current segment ends at the latest, as far as is known."""
    if state.index is None:
        return state.entered_s
    segment = timeline.segments[state.index]
    limit = state.entered_s + segment.max_s
    return limit if state.gate_s is None else min(limit, state.gate_s + segment.nominal_s)


def _is_ready(segment: Segment, seen: Observation) -> bool:
    ready, wanted = seen.ready, segment.ratio
    return ready is not None and ready.prefill >= wanted.prefill and ready.decode >= wanted.decode


def _why_over(segment: Segment, state: State, seen: Observation) -> Literal["time", "guard"] | None:
    over_at = state.entered_s + segment.max_s
    if state.gate_s is not None:
        over_at = min(over_at, state.gate_s + segment.nominal_s)
    if seen.now_s >= over_at:
        return "time"
    guard = segment.guard_queued
    return "guard" if guard and seen.queued is not None and seen.queued > guard else None


def _advance(
    timeline: Timeline, state: State, now_s: float, why: Literal["time", "guard"]
) -> tuple[State, list[Action]]:
    assert state.index is not None  # noqa: S101 - callers checked; this is for the type checker
    following = state.index + 1
    if following < len(timeline.segments):
        return _enter(timeline, state, following, now_s, why)
    state = replace(state, cycle=state.cycle + 1)
    if state.once:
        return replace(IDLE, cycle=state.cycle, ordered=state.ordered), [Finished()]
    return _enter(timeline, state, 0, now_s, why)


def _enter(
    timeline: Timeline,
    state: State,
    index: int,
    now_s: float,
    why: Literal["start", "time", "guard"],
) -> tuple[State, list[Action]]:
    segment = timeline.segments[index]
    ratio = segment.ratio_at(0)
    actions: list[Action] = [Entered(index, why)]
    if ratio != state.ordered:
        actions.append(SetRatio(ratio))
    gate_s = None if segment.gate else now_s
    return replace(state, index=index, entered_s=now_s, gate_s=gate_s, ordered=ratio), actions
