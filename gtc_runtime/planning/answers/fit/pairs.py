"""A stress and its way back: the ratio and the rate at which both can be seen.

Candidates are tried from the smallest change on; the first whose rates leave enough margin is
taken, else the best one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from gtc_runtime.planning.answers.fit.bench import Bench, worst
from gtc_runtime.planning.answers.fit.draft import Draft
from gtc_runtime.planning.answers.fit.layout import PAIRS, only_documents, settled
from gtc_runtime.planning.answers.fit.search import Found, Margins, band, rates
from gtc_spec.pools import PDRatio

AIM: Final = 0.15
"""Least margin of a claim."""
SPARE: Final = 0.03
"""More than that while rates are looked for: a whole cycle differs from its part."""
SPAN: Final = (0.5, 2.5)
"""Rates that are looked at, over the present one."""
EASED: Final = 0.75
"""Rate of a recovery over its stress where the full one cannot be drained."""
LONG_S: Final = 120.0
"""What a recovery is lengthened to."""
CALM: Final = "BALANCED"
TTFT: Final = ("ttft_ms", "all", "p95")

Candidate = tuple[Draft, float]
"""A draft, and the rate of its recovery over that of its stress."""


def fitted_pair(
    draft: Draft, bench: Bench, pair: tuple[str, str], aim: float = AIM + SPARE
) -> Draft:
    """The draft with a stress that shows and a recovery that takes it back, each by ``aim``."""
    stress, recovery = (draft.phase(name) for name in pair)
    if stress is None or recovery is None:
        return draft
    eased = recovery.rps / stress.rps if stress.rps else 1.0
    if _margins(draft, bench, pair, stress.rps, eased).least >= aim:
        return draft
    candidates = _prefill if pair == PAIRS[0] else _decode
    best: tuple[Draft, float, Found] | None = None
    for tried, share in candidates(draft):
        if tried.problems:
            continue
        found = _search(tried, bench, pair, share, aim)
        if best is None or found.margins.least > best[2].margins.least:
            best = tried, share, found
        if found.band is not None:
            break
    return draft if best is None else _with_rates(best[0], pair, best[1], best[2], aim)


def _search(draft: Draft, bench: Bench, pair: tuple[str, str], share: float, aim: float) -> Found:
    now = max(each.rps for name in pair if (each := draft.phase(name)))
    high = min(now * SPAN[1], draft.environment.load.rps_max)
    return band(
        lambda rps: _margins(draft, bench, pair, rps, share),
        rates(now * SPAN[0], high),
        aim,
        now,
    )


def _margins(
    draft: Draft, bench: Bench, pair: tuple[str, str], rps: float, share: float
) -> Margins:
    stress, recovery = pair
    tried = draft.with_phase(stress, "", rps=rps, guard_queued=None)
    tried = tried.with_phase(recovery, "", rps=_rounded(rps * share))
    quiet = tried.phase(PAIRS[0][1])
    if pair == PAIRS[1] and quiet is not None and quiet.settle is not None:
        # what frees the workers before the stress is played, the long phase that it ends is not
        tried = tried.with_phase(CALM, "", settle=quiet.settle)
    cycles = bench.cycles(tried, [CALM, stress, recovery])
    recovers = bench.margin(tried, cycles, recovery)
    if pair == PAIRS[1]:
        # beyond what the KV pool admits, the excess waits and shows as TTFT in place of ITL
        waits = worst(cycles, stress, TTFT) or 0.0
        recovers = min(recovers, 1 - waits / draft.environment.slo.ttft_p95_s)
    return Margins(bench.margin(tried, cycles, stress), recovers)


def _with_rates(
    draft: Draft, pair: tuple[str, str], share: float, found: Found, aim: float
) -> Draft:
    stress, recovery = pair
    least = f"{found.margins.least * 100:.0f} %"
    where = (
        f"within {found.band[0]:g} to {found.band[1]:g} rps both claims hold, here by {least}"
        if found.band
        else f"the best there is: the claims hold by {least}, {aim * 100:.0f} % was looked for"
    )
    for name, rps in ((stress, found.rps), (recovery, _rounded(found.rps * share))):
        phase = draft.phase(name)
        if phase is not None and phase.rps != rps:
            draft = draft.with_phase(name, where, rps=rps)
    return draft


def _prefill(draft: Draft) -> Iterator[Candidate]:
    """More workers to recover with, documents alone, then fewer documents to recover with."""
    recovery = draft.phase(PAIRS[0][1])
    if recovery is None:
        return
    now, slots = recovery.ratio, draft.environment.slots
    for share in (1.0, EASED):
        for mixed in (draft, only_documents(draft)):
            for prefill in range(now.prefill, slots - now.decode + 1):
                yield _ratios(mixed, {PAIRS[0][1]: replace(now, prefill=prefill)}), share


def _decode(draft: Draft) -> Iterator[Candidate]:
    """All GPUs that prefill does not need, fewer decode workers to begin with, then more time."""
    stress, recovery = (draft.phase(name) for name in PAIRS[1])
    if stress is None or recovery is None:
        return
    pools, slots = draft.environment.pools, draft.environment.slots
    few = PDRatio(pools.prefill.scale.min, pools.decode.scale.min)
    yield draft, 1.0
    for longer in dict.fromkeys([recovery.duration_s, max(LONG_S, recovery.duration_s)]):
        for begin in dict.fromkeys([stress.ratio, PDRatio(few.prefill, stress.ratio.decode), few]):
            for decode in range(slots - begin.prefill, begin.decode, -1):
                ratios = {PAIRS[1][0]: begin, PAIRS[1][1]: PDRatio(begin.prefill, decode)}
                tried = _lengthened(_settle_if_smaller(_ratios(draft, ratios), begin), longer)
                if not tried.problems:
                    yield tried, 1.0
                    break


def _lengthened(draft: Draft, duration_s: float) -> Draft:
    recovery = draft.phase(PAIRS[1][1])
    if recovery is None or recovery.duration_s == duration_s:
        return draft
    why = "answers that run stay where they are: relief takes as long as the longest of them"
    more_s = duration_s - recovery.duration_s
    longest_s = None if recovery.max_s is None else recovery.max_s + more_s
    return draft.with_phase(recovery.name, why, duration_s=duration_s, max_s=longest_s)


def _settle_if_smaller(draft: Draft, begin: PDRatio) -> Draft:
    before = draft.phase(PAIRS[0][1])
    ends = before and (before.settle.ratio if before.settle else before.ratio)
    return settled(draft, begin) if ends and ends.at_most(begin) != ends else draft


def _ratios(draft: Draft, ratios: dict[str, PDRatio]) -> Draft:
    whys = {
        PAIRS[0][1]: "more workers to read what has piled up",
        PAIRS[1][0]: "few decode workers, so that their streams can be seen to crowd",
        PAIRS[1][1]: "the GPUs that prefill does not need, for decode",
    }
    for name, ratio in ratios.items():
        phase = draft.phase(name)
        if phase is not None and phase.ratio != ratio:
            draft = draft.with_phase(name, whys[name], ratio=ratio)
    return draft


def _rounded(rps: float) -> float:
    """The rate that a person would write down for it."""
    return next(reversed(rates(0.9 * rps, rps)), round(rps, 2))
