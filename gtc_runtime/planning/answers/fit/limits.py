"""Guards of the stresses, and when KEDA scales: limits between what is calm and what is not."""

from __future__ import annotations

import math
from typing import Final

from gtc_runtime.formats import latency_s
from gtc_runtime.planning.answers.cycle import Cycle
from gtc_runtime.planning.answers.fit.bench import queued, usually_queued
from gtc_runtime.planning.answers.fit.draft import Draft
from gtc_runtime.planning.answers.fit.layout import PAIRS
from gtc_runtime.planning.answers.fit.pairs import CALM
from gtc_runtime.planning.hardware import Hardware
from gtc_spec.pools import ROLES

ROOM: Final = 1.2
"""A guard has to be so far above the longest queue that was seen."""
GUARD: Final = 1.5
"""Where a new guard lies above it."""
ROUND: Final = 5
TOLERANCE: Final = 1.1
"""What an HPA ignores: a tenth."""
SPREAD: Final = 0.75
"""Share of the streams that keep the goal at the median, at which the p95 keeps it."""


def guarded(draft: Draft, cycles: list[Cycle]) -> Draft:
    """With guards that no planned queue reaches, but one that runs away does."""
    for stress, _ in PAIRS:
        phase = draft.phase(stress)
        if phase is None:
            continue
        longest = queued(cycles, stress)
        if phase.guard_queued and phase.guard_queued >= ROOM * longest:
            continue
        guard = ROUND * math.ceil(max(longest, 2 * ROUND) * GUARD / ROUND)
        why = f"the longest queue of any seed is {longest}; beyond {guard} it has run away"
        draft = draft.with_phase(stress, why, guard_queued=guard)
    return draft


def scaled(draft: Draft, hardware: Hardware, cycles: list[Cycle]) -> Draft:
    """With thresholds that the calm stays below and a stress goes beyond, and maxima that fit."""
    return _maxima(_streams(_queue(draft, cycles), hardware))


def _queue(draft: Draft, cycles: list[Cycle]) -> Draft:
    scale, stress = draft.environment.pools.prefill.scale, draft.phase(PAIRS[0][0])
    calm = draft.phase(CALM)
    if scale.trigger != "queued_requests" or stress is None or calm is None:
        return draft
    least = usually_queued(cycles, CALM) / calm.ratio.prefill
    most = usually_queued(cycles, stress.name) / stress.ratio.prefill
    if least < scale.threshold * TOLERANCE and most > scale.threshold * TOLERANCE:
        return draft
    if most <= least:
        return draft
    threshold = float(max(1, round(math.sqrt(max(least, 0.5) * most))))
    why = (
        f"the queue of a worker passes {least:.1f} when calm and {most:.1f} under stress, 1 s of 20"
    )
    return draft.with_scale("prefill", why, threshold=threshold)


def _streams(draft: Draft, hardware: Hardware) -> Draft:
    environment = draft.environment
    scale, goal_s = environment.pools.decode.scale, environment.slo.itl_p95_s
    most = streams_within(draft, hardware, goal_s)
    if scale.trigger != "decode_streams" or not most or scale.threshold <= most:
        return draft
    threshold = float(ROUND * max(1, int(most * SPREAD / ROUND)))
    why = f"a step of more than {most} streams takes longer than {latency_s(goal_s)}"
    return draft.with_scale("decode", why, threshold=threshold)


def streams_within(draft: Draft, hardware: Hardware, goal_s: float) -> int:
    """The most streams of long answers whose step keeps a goal; 0 when not even one does."""
    shape = draft.environment.workloads.reasoning
    low, high = shape.output_tokens
    # of answers that run at one moment the long ones are the more: mean progress is E[n²] / 2 E[n]
    squares, mean = (low * low + low * high + high * high) / 3, (low + high) / 2
    context = sum(shape.prompt_tokens) / 2 + squares / mean / 2
    step = hardware.profile.decode_step_ms
    fitting = [
        n for n in range(1, hardware.max_sequences + 1) if step(n, n * context) <= goal_s * 1e3
    ]
    return max(fitting, default=0)


def _maxima(draft: Draft) -> Draft:
    environment = draft.environment
    if environment.allow_pending:
        return draft
    scales = {role: environment.pools.of(role).scale for role in ROLES}
    over = sum(each.max for each in scales.values()) - environment.slots
    if over <= 0:
        return draft
    role = max(ROLES, key=lambda each: scales[each].max)
    why = f"{environment.slots} GPUs hold no more at once"
    return draft.with_scale(role, why, max=max(scales[role].min, scales[role].max - over))
