"""What a table needs before any rate can help: leads, gates, a settle, mixes that load one pool."""

from __future__ import annotations

import math
from typing import Final

from gtc_runtime.planning.answers.fit.draft import Draft
from gtc_spec.phases import Phase, Settle
from gtc_spec.pools import PDRatio
from gtc_spec.workloads import WorkloadMix

SETTLE_S: Final = 45.0
SETTLE_RPS: Final = 1.0
SETTLE_MIX: Final = WorkloadMix(50, 0, 50)
STEP_S: Final = 10
PAIRS: Final = (
    ("PREFILL_STRESS", "PREFILL_RECOVERY"),
    ("DECODE_STRESS", "DECODE_RECOVERY"),
)
"""Every stress with its way back."""


def laid_out(draft: Draft, start_s: float) -> Draft:
    """The table with what every show needs.

    Args:
        draft: The table as it is.
        start_s: How long a worker takes to start on the hardware that it is fitted to.
    """
    draft = _lead(draft, start_s)
    for _, recovery in PAIRS:
        draft = _gate(draft, recovery, start_s)
    for name in PAIRS[1]:
        draft = _without_documents(draft, name)
    return draft


def settled(draft: Draft, ratio: PDRatio) -> Draft:
    """With a quiet end of PREFILL_RECOVERY, at these workers, where there is none."""
    phase = draft.phase("PREFILL_RECOVERY")
    if phase is None or draft.phase("DECODE_STRESS") is None:
        return draft
    tail = phase.settle or Settle(duration_s=SETTLE_S, rps=SETTLE_RPS, mix=SETTLE_MIX, ratio=ratio)
    if tail.ratio == ratio and phase.settle:
        return draft
    why = f"clears queues and windows, and frees GPUs down to {ratio}, before decode is loaded"
    return draft.with_phase(phase.name, why, settle=tail.model_copy(update={"ratio": ratio}))


def _lead(draft: Draft, start_s: float) -> Draft:
    """Ordered as far ahead as it takes to start, or as the slots of the cluster allow."""
    now_s = draft.environment.lead_s
    shorter = range(math.ceil(start_s / STEP_S - 1) * STEP_S, math.floor(now_s), -STEP_S)
    for lead_s in (start_s, *shorter):
        why = f"a worker takes {start_s:g} s to start: ordered that long ahead, it is there in time"
        if lead_s < start_s:
            why = f"a worker takes {start_s:g} s to start, and there are no GPUs for it any earlier"
        ahead = draft.with_lead(lead_s, why)
        if lead_s > now_s and not ahead.problems:
            return ahead
    return draft


def _gate(draft: Draft, name: str, start_s: float) -> Draft:
    phase = draft.phase(name)
    if phase is None or phase.gate:
        return draft
    longest_s = phase.duration_s + STEP_S * math.ceil(start_s / 2 / STEP_S)
    why = "its length counts from when its workers are ready: a late start costs no recovery"
    return draft.with_phase(name, why, gate="ready", max_s=longest_s)


def _without_documents(draft: Draft, name: str) -> Draft:
    phase = draft.phase(name)
    if phase is None or not phase.mix["summarization"]:
        return draft
    why = "no documents: they fill prefill first, and decode never sees the load"
    return draft.with_phase(name, why, mix=_moved(phase, "summarization", "reasoning"))


def only_documents(draft: Draft) -> Draft:
    """With documents alone where prefill is loaded."""
    for name in PAIRS[0]:
        phase = draft.phase(name)
        if phase is not None and phase.mix["summarization"] < 100:
            why = "documents alone: the queue is theirs, and decode stays out of it"
            draft = draft.with_phase(name, why, mix=WorkloadMix(0, 100, 0))
    return draft


def _moved(phase: Phase, source: str, target: str) -> WorkloadMix:
    shares: dict[str, int] = {str(name): share for name, share in phase.mix.items()}
    shares[target] += shares[source]
    shares[source] = 0
    return WorkloadMix.of(shares)
