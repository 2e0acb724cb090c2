"""What the presenter may do to the running show: hold, extend, next, and resume after a Stop.

Pure decisions on the state of the scenario machine, which walks on from what they return: guards
and gates keep working, orders stay absolute, and no phase is left out or gone back to. It must not
know asyncio, clusters, the load engine or where time comes from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gtc_runtime.scenario.machine import (
    Action,
    Observation,
    SetRatio,
    State,
    covers,
    elapsed_s,
    go_to,
    is_ready,
    left_s,
    running,
)
from gtc_spec.phases import Segment, Timeline
from gtc_spec.pools import PDRatio

JUST_BEGUN_S: Final = 2.0


def hold(state: State, now_s: float) -> State:
    """Let the show stand still; nothing changes when it does already, or is idle."""
    if state.index is None or state.held_s is not None:
        return state
    return replace(state, held_s=now_s)


def release(state: State, now_s: float) -> State:
    """Go on with what is left of the segment; nothing changes when the show moves."""
    if state.held_s is None:
        return state
    gap_s = now_s - state.held_s
    gate_s = None if state.gate_s is None else state.gate_s + gap_s
    return replace(state, entered_s=state.entered_s + gap_s, gate_s=gate_s, held_s=None)


def extend(timeline: Timeline, state: State, now_s: float, by_s: float) -> State:
    """Make the running segment longer; what it would still order comes that much later.

    A ramp goes on from the rate of now and reaches its end with the segment.
    """
    segment = running(timeline, state)
    if segment is None:
        return state
    done_s = elapsed_s(state, now_s)
    orders = tuple(
        order if order.at_s <= done_s else replace(order, at_s=order.at_s + by_s)
        for order in segment.orders
    )
    nominal_s = segment.nominal_s + by_s
    share, end = min(1.0, done_s / nominal_s), segment.ramp_to_rps
    start = end if share == 1 else (segment.rps_at(done_s) - end * share) / (1 - share)
    longer = replace(
        segment, nominal_s=nominal_s, max_s=segment.max_s + by_s, rps=start, orders=orders
    )
    return replace(state, changed=longer)


def following(timeline: Timeline, state: State) -> Segment | None:
    """The main part of the next phase; None when the show is idle or ends with this one."""
    index = _next_main(timeline, state)
    if index is None or (index == 0 and state.once):
        return None
    return timeline.segments[index]


def ready_in_s(
    timeline: Timeline, state: State, ready: PDRatio | None, now_s: float
) -> float | None:
    """Seconds until the workers of `following` are ready, as planned: one lead after their order.

    0 when they are; None when that is not known, or they should be and are not.
    """
    segment = following(timeline, state)
    if segment is None or ready is None:
        return None
    if is_ready(segment, ready):
        return 0.0
    if state.ordered is None or not covers(state.ordered, segment.ratio):
        return timeline.lead_s
    left = state.grown_s + timeline.lead_s - now_s
    return left if left > 0 else None


def next_phase(timeline: Timeline, state: State, seen: Observation) -> tuple[State, list[Action]]:
    """Go to the main part of the next phase now; a settle tail between is left out.

    Its length counts from the moment that all its workers are ready, also where the table has no
    gate, and it waits for them for the time of one start at least. A segment that has just begun
    is not left: whoever pressed meant the one before, or pressed twice.
    """
    index = _next_main(timeline, state)
    if index is None or seen.now_s - state.entered_s < JUST_BEGUN_S:
        return state, []
    state, actions = go_to(timeline, state, index, seen.now_s, "next")
    segment = running(timeline, state)
    if segment is not None and not is_ready(segment, seen.ready):
        state = _gated(state, segment, segment.nominal_s + timeline.lead_s)
    return state, actions


def resume(
    timeline: Timeline, state: State, stopped_s: float, now_s: float, there: PDRatio
) -> tuple[State, list[Action]]:
    """Go on where a show was stopped, with the time kept that it had played.

    A segment that wants more workers than were left waits for them again, for the time of one start
    at least, and has then as long as was left of it at least.

    Args:
        timeline: What is played.
        state: Where the show stood.
        stopped_s: When it was stopped.
        now_s: When it goes on.
        there: The workers that were left when it was stopped.
    """
    if state.held_s is None:
        state = release(hold(state, stopped_s), now_s)
    segment = running(timeline, state)
    if segment is not None and not is_ready(segment, there):
        played_s, still_s = elapsed_s(state, now_s), left_s(timeline, state, now_s)
        state = _gated(state, segment, played_s + still_s + timeline.lead_s)
        state = replace(state, closed_s=now_s)
    if state.ordered is None:
        return state, []
    return replace(state, grown_s=now_s), [SetRatio(state.ordered)]


def _gated(state: State, segment: Segment, longest_s: float) -> State:
    """The running segment with its gate closed, until ``longest_s`` after its begin at least."""
    gated = replace(segment, gate="ready", max_s=max(segment.max_s, longest_s))
    return replace(state, gate_s=None, changed=gated)


def _next_main(timeline: Timeline, state: State) -> int | None:
    if state.index is None:
        return None
    index = state.index + 1
    if index < len(timeline.segments) and timeline.segments[index].kind == "settle":
        index += 1
    return index % len(timeline.segments)
