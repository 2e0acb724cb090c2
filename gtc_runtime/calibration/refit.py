"""A profile fitted again to a live run: what its steps, its link and its host really took.

A first token takes what the host takes, the prefill (the profile's, times a factor), the cache over
the link, and one decode step. Only first turns count that had a prefill worker for themselves.
Tokens after the first tell the decode step, at the streams and the cache that there were. What the
requests do not tell apart is None, never a guess: prompts of nearly one length, or noise.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from gtc_runtime.calibration import least_squares
from gtc_runtime.calibration.live_run import Answered, LiveRun
from gtc_spec.errors import UsageError
from gtc_spec.pools import PDRatio
from gtc_spec.profiles.measured import Live
from gtc_spec.profiles.profile import DecodePoint, PrefillPoint, Profile

LONE_MIN: Final = 8
"""Fewer first tokens without a queue tell nothing."""
TOKENS_MIN: Final = 8
"""Answers of fewer tokens after the first do not count for the decode step."""
SURE: Final = 0.3
"""The link is told apart when its standard error is at most this share of it."""
OUTLIER: Final = 4.5
"""First tokens this many median deviations off waited for something; they are left out."""


@dataclass(frozen=True)
class Refit:
    """What a run says of a profile.

    Attributes:
        prefill: Its prefills, as a factor on the profile's; None without first tokens.
        decode: The same for decode steps.
        request_ms: What a request takes beyond its steps and its transfer.
        link_gb_s: Rate of KV transfers; None where nothing tells it.
        start_s: Median start of a worker.
        lone: First tokens that were used.
        streams: Answers that the decode step is from.
        starts: Starts that there were.
    """

    prefill: float | None
    decode: float | None
    request_ms: float | None
    link_gb_s: float | None
    start_s: float | None
    lone: int
    streams: int
    starts: int

    def applied(self, profile: Profile, name: str, taken: str) -> Profile:
        """The profile as the run showed it; its points are no measured ones any more.

        Args:
            profile: What was refitted.
            name: How it was named.
            taken: What it was refitted to, one line.
        """
        told, a, g = profile.model_dump(), self.prefill or 1.0, self.decode or 1.0
        told["prefill"] = [PrefillPoint(n, p, round(ms * a, 3)) for n, p, ms in profile.prefill]
        told["decode"] = [DecodePoint(b, c, round(ms * g, 3)) for b, c, ms in profile.decode]
        told["prefill_fit"] = {key: v * a for key, v in told["prefill_fit"].items()}
        told["decode_fit"] = {key: v * g for key, v in told["decode_fit"].items()}
        told["measured"] = None
        told["live"] = Live(
            request_ms=_rounded(self.request_ms, 2),
            link_gb_s=_rounded(self.link_gb_s, 2),
            worker_start_s=_rounded(self.start_s, 1),
        ).model_dump()
        told["provenance"]["refits"] = (*profile.provenance.refits, f"{name}: {taken}")
        return Profile.model_validate(told)


def refit(profile: Profile, run: LiveRun, workers: PDRatio, link_gb_s: float) -> Refit:
    """Fit a profile to a run.

    Args:
        profile: The steps to begin with.
        run: What was seen.
        workers: How many served it, all of the time.
        link_gb_s: Rate of KV transfers where the requests do not tell it.

    Raises:
        UsageError: There are requests, but too few of them had a worker for themselves, or their
            first tokens are none of this profile over this link.
    """
    starts = statistics.median(run.starts_s) if run.starts_s else None
    if not run.answered:
        return Refit(None, None, None, None, starts, 0, 0, len(run.starts_s))
    decode = _Decode(profile, run.answered, workers.decode)
    factor, streams = decode.factor()
    lone = _lone(run.answered, workers.prefill)
    if len(lone) < LONE_MIN:
        raise UsageError(
            f"{len(lone)} of {len(run.answered)} requests had a prefill worker for themselves,"
            f" allowed: {LONE_MIN} or more",
            "a lower rate, or the number of workers with --workers",
        )
    steps = [factor * decode.step_ms(each.first_s) for each in lone]
    first = _first_tokens(profile, lone, steps, link_gb_s)
    return Refit(
        *(first.prefill, factor if streams else None, first.request_ms, first.link_gb_s, starts),
        *(first.used, streams, len(run.starts_s)),
    )


class _Decode:
    """Tokens that a stream would get by the profile, at any two moments of the run."""

    def __init__(self, profile: Profile, answered: Sequence[Answered], workers: int) -> None:
        self._profile, self._workers = profile, workers
        self._streams = [each for each in answered if each.last_s > each.first_s]
        self._at, self._tokens, self._steps = self._counted()

    def factor(self) -> tuple[float, int]:
        """Steps as a factor on the profile's, and how many answers say so."""
        counted = [
            (self._by(each.last_s) - self._by(each.first_s), each.tokens - each.first_tokens)
            for each in self._streams
            if each.ok and each.tokens - each.first_tokens >= TOKENS_MIN
        ]
        if not counted:
            return 1.0, 0
        return sum(told for told, _ in counted) / sum(seen for _, seen in counted), len(counted)

    def step_ms(self, at_s: float) -> float:
        """The profile's step at a moment."""
        here = bisect_right(self._at, at_s) - 1
        if 0 <= here < len(self._steps):
            return self._steps[here]
        return self._profile.decode_step_ms(1, 1024)

    def _by(self, at_s: float) -> float:
        return self._tokens[bisect_right(self._at, at_s) - 1]

    def _counted(self) -> tuple[list[float], list[float], list[float]]:
        """Moments at which streams begin and end, tokens until then, and the step after it."""
        changes: list[tuple[float, int, float, float]] = []
        for each in self._streams:
            rate = (each.tokens - each.first_tokens) / (each.last_s - each.first_s)
            held = each.prompt_tokens + each.first_tokens - rate * each.first_s
            changes += [(each.first_s, 1, held, rate), (each.last_s, -1, -held, -rate)]
        changes.sort()
        streams, held, rate, total = 0, 0.0, 0.0, 0.0
        at, tokens, steps = [], [], []
        for (now, sign, more, faster), after in pairwise([*changes, (float("inf"), 0, 0.0, 0.0)]):
            streams, held, rate = streams + sign, held + more, rate + faster
            middle = now + (0.0 if after[0] == float("inf") else (after[0] - now) / 2)
            batch = max(1.0, streams / self._workers)
            cache = max(batch, (held + rate * middle) / self._workers)
            step_ms = self._profile.decode_step_ms(batch, cache)
            at.append(now)
            tokens.append(total)
            steps.append(step_ms)
            total += (after[0] - now) * 1000 / step_ms if after[0] != float("inf") else 0.0
        return at, tokens, steps


def _lone(answered: Sequence[Answered], workers: int) -> list[Answered]:
    """First turns during whose prefill fewer others were in prefill than there are workers."""
    sent = sorted(each.send_s for each in answered)
    first = sorted(each.first_s for each in answered)
    return [
        each
        for each in answered
        if each.ok
        and each.turn == 1
        and bisect_left(sent, each.first_s) - bisect_right(first, each.send_s) <= workers
    ]


class _First(NamedTuple):
    request_ms: float
    prefill: float
    link_gb_s: float | None
    used: int


def _first_tokens(
    profile: Profile, lone: Sequence[Answered], steps: Sequence[float], link_gb_s: float
) -> _First:
    """Host, prefill and link; the link at what it is said to be where nothing tells it apart."""
    seen = [
        max(1e-3, 1000 * (each.first_s - each.send_s) - step)
        for each, step in zip(lone, steps, strict=True)
    ]
    prefills = [profile.prefill_ms(each.prompt_tokens) for each in lone]
    at_one = [each.prompt_tokens * profile.kv_bytes_per_token / 1e6 for each in lone]
    try:
        rows = list(zip([1.0] * len(lone), prefills, at_one, strict=True))
        three = least_squares.robust(rows, seen, OUTLIER)
        cost, error = three.coefficients[2], three.errors[2]
        if three.coefficients[1] > 0 and cost > 0 and error <= SURE * cost:
            return _First(three.coefficients[0], three.coefficients[1], 1 / cost, three.points)
        rest = [ms - each / link_gb_s for ms, each in zip(seen, at_one, strict=True)]
        _refuse_too_slow(lone, rest, link_gb_s)
        two = least_squares.robust([row[:2] for row in rows], rest, OUTLIER)
    except ValueError:
        lengths = sorted(each.prompt_tokens for each in lone)
        raise UsageError(
            f"prompts of {lengths[0]} to {lengths[-1]} tokens do not tell the host from the prefill"
            ", allowed: short ones and long ones"
        ) from None
    if two.coefficients[1] <= 0:
        raise UsageError(
            f"over a KV link of {link_gb_s:g} GB/s the prefills come to {two.coefficients[1]:.2g}"
            " of the profile's, allowed: more than 0",
            "--link GB/s says how fast the link was, --profile what it ran on",
        )
    return _First(two.coefficients[0], two.coefficients[1], None, two.points)


def _refuse_too_slow(lone: Sequence[Answered], rest: Sequence[float], link_gb_s: float) -> None:
    for each, left_ms in zip(lone, rest, strict=True):
        if left_ms <= 0:
            raise UsageError(
                f"over a KV link of {link_gb_s:g} GB/s the cache of {each.prompt_tokens:,} tokens"
                f" takes longer than their first token, {each.first_s - each.send_s:.2f} s after it"
                " was sent",
                "--link GB/s says how fast the link was, --profile what it ran on",
            )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
