"""A profile fitted again to a live run: what its steps, its link and its host really took.

A first token takes what the host takes, the prefill (the profile's, times a factor), the cache over
the link, and what the twin adds beside them (`beside`): a fit is its inverse. Only first turns
count that had a prefill worker for themselves.
Tokens after the first tell the decode step, at the streams and the cache that there were. What the
requests do not tell apart is None, never a guess: prompts of nearly one length, or noise.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple

from gtc_runtime.calibration import least_squares
from gtc_runtime.calibration.beside import Parts, as_seen, played
from gtc_runtime.calibration.live_run import Answered, LiveRun
from gtc_runtime.planning.hardware import Hardware
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.pools import PDRatio
from gtc_spec.profiles.measured import Live
from gtc_spec.profiles.profile import DecodePoint, PrefillPoint, Profile

REQUESTS_MAX: Final = 5_000
"""The newest ones count: they are played a few times, and more of them tell no more."""
LONE_MIN: Final = 8
"""Fewer first tokens without a queue tell nothing."""
TOKENS_MIN: Final = 8
"""Answers of fewer tokens after the first do not count for the decode step."""
SURE: Final = 0.3
"""The link is told apart when its standard error is at most this share of it."""
OUTLIER: Final = 4.5
"""First tokens this many median deviations off waited for something; they are left out."""
TOO_SOON_MAX: Final = 0.05
"""Share of first tokens that may come before their cache: those found one."""
_RAN_ON: Final = "--link GB/s says how fast the link was, --profile what it ran on"


@dataclass(frozen=True)
class Refit:
    """What a run says of a profile.

    Attributes:
        prefill: Its prefills, as a factor on the profile's; None without first tokens.
        decode: The same for decode steps.
        request_ms: What a request takes before its prefill, but for what goes by its tokens.
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
        live = {
            "request_ms": _rounded(self.request_ms, 2),
            "link_gb_s": _rounded(self.link_gb_s, 2),
            "worker_start_s": _rounded(self.start_s, 1),
        }
        kept = (profile.live or Live()).model_dump()
        told["live"] = kept | {name: value for name, value in live.items() if value is not None}
        told["provenance"]["refits"] = (*profile.provenance.refits, f"{name}: {taken}")
        return Profile.model_validate(told)


def refit(
    environment: Environment, profile: Profile, run: LiveRun, workers: PDRatio, link_gb_s: float
) -> Refit:
    """Fit a profile to a run.

    Args:
        environment: What the twin that is to play it takes beside the profile.
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
    answered = run.answered[-REQUESTS_MAX:]
    factor, streams = _decode(Hardware.of(environment, profile), workers, answered)
    stepping = Refit(None, factor, None, None, None, 0, 0, 0).applied(profile, "", "")
    hardware = Hardware.of(environment, stepping)
    first = _FirstTokens(hardware, workers, answered).fitted(link_gb_s)
    return Refit(
        *(first.prefill, factor if streams else None, first.request_ms, first.link_gb_s, starts),
        *(first.used, streams, len(run.starts_s)),
    )


def _decode(
    hardware: Hardware, workers: PDRatio, answered: Sequence[Answered]
) -> tuple[float, int]:
    """Decode steps as a factor on the profile's, and how many answers say so.

    What the twin's own run says of the same profile is 1: stalls and waits that it plays are in it.
    """
    seen, streams = _Decode(hardware.profile, answered, workers.decode).factor()
    if not streams:
        return 1.0, 0
    twin = as_seen(played(hardware, workers, answered))
    told, _ = _Decode(hardware.profile, twin, workers.decode).factor()
    return seen / told, streams


class _Decode:
    """Tokens that a stream would get by the profile, at any two moments of the run."""

    def __init__(self, profile: Profile, answered: Sequence[Answered], workers: int) -> None:
        self._profile, self._workers = profile, workers
        self._streams = [each for each in answered if each.last_s > each.first_s]
        self._at, self._tokens = self._counted()

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

    def _by(self, at_s: float) -> float:
        return self._tokens[bisect_right(self._at, at_s) - 1]

    def _counted(self) -> tuple[list[float], list[float]]:
        """Moments at which streams begin and end, and tokens until then."""
        changes: list[tuple[float, int, float, float]] = []
        for each in self._streams:
            rate = (each.tokens - each.first_tokens) / (each.last_s - each.first_s)
            held = each.prompt_tokens + each.first_tokens - rate * each.first_s
            changes += [(each.first_s, 1, held, rate), (each.last_s, -1, -held, -rate)]
        changes.sort()
        streams, held, rate, total = 0, 0.0, 0.0, 0.0
        at, tokens = [], []
        for (now, sign, more, faster), after in pairwise([*changes, (float("inf"), 0, 0.0, 0.0)]):
            streams, held, rate = streams + sign, held + more, rate + faster
            middle = now + (0.0 if after[0] == float("inf") else (after[0] - now) / 2)
            batch = max(1.0, streams / self._workers)
            cache = max(batch, (held + rate * middle) / self._workers)
            step_ms = self._profile.decode_step_ms(batch, cache)
            at.append(now)
            tokens.append(total)
            total += (after[0] - now) * 1000 / step_ms if after[0] != float("inf") else 0.0
        return at, tokens


def _lone(answered: Sequence[Answered], workers: int) -> list[int]:
    """Places of first turns during whose prefill a worker was free of others."""
    sent = sorted(each.send_s for each in answered)
    first = sorted(each.first_s for each in answered)
    return [
        at
        for at, each in enumerate(answered)
        if each.ok
        and each.turn == 1
        and each.first_s > each.send_s
        and bisect_left(sent, each.first_s) - bisect_right(first, each.send_s) <= workers
    ]


class _First(NamedTuple):
    request_ms: float
    prefill: float
    link_gb_s: float | None
    used: int


class _FirstTokens:
    """Host, prefill and link of the first tokens that had a prefill worker for themselves.

    Args:
        hardware: What the twin plays the run on, decode as fitted.
        workers: How many served it.
        answered: All requests, by the time that they were sent.
    """

    def __init__(self, hardware: Hardware, workers: PDRatio, answered: Sequence[Answered]) -> None:
        self._hardware, self._workers, self._answered = hardware, workers, answered
        alone = _lone(answered, workers.prefill)
        if len(alone) < LONE_MIN:
            raise UsageError(
                f"{len(alone)} of {len(answered)} requests had a prefill worker for themselves,"
                f" allowed: {LONE_MIN} or more",
                "a lower rate, or the number of workers with --workers",
            )
        self._alone = alone
        self._ttft_ms = [1000 * (answered[at].first_s - answered[at].send_s) for at in self._alone]

    def fitted(self, link_gb_s: float) -> _First:
        """The link at what it is said to be where nothing tells it apart."""
        try:
            three = self._with_link(math.inf)
            if three is not None and three.link_gb_s is not None:
                return self._with_link(three.link_gb_s) or three
            self._leave_out_too_soon(link_gb_s)
            two = self._fit(replace(self._hardware, link_gb_s=link_gb_s), 0.0, 2)
        except ValueError:
            lengths = sorted(self._answered[at].prompt_tokens for at in self._alone)
            raise UsageError(
                f"prompts of {lengths[0]} to {lengths[-1]} tokens do not tell the host from the"
                " prefill, allowed: short ones and long ones"
            ) from None
        host, prefill = two.coefficients[:2]
        if prefill <= 0:
            raise UsageError(
                f"over a KV link of {link_gb_s:g} GB/s the prefills come to {prefill:.2g} of the"
                " profile's, allowed: more than 0",
                _RAN_ON,
            )
        return _First(host, prefill, None, two.points)

    def _with_link(self, link_gb_s: float) -> _First | None:
        """The link as well, played over one of this rate; None where nothing tells it apart."""
        over = replace(self._hardware, link_gb_s=link_gb_s, scattered_gb_s=None)
        try:
            found = self._fit(over, 1 / link_gb_s, 3)
        except ValueError:
            return None
        (host, prefill, cost), error = found.coefficients, found.errors[2]
        if prefill <= 0 or cost <= 0 or error > SURE * cost:
            return None
        return _First(host, prefill, 1 / cost, found.points)

    def _fit(self, hardware: Hardware, turned_ms: float, columns: int) -> least_squares.Fit:
        """Host, prefill and, as the third one, milliseconds of a megabyte; no host below 0.

        Args:
            hardware: What the run is played on.
            turned_ms: Milliseconds of a megabyte there that the fit is to find instead.
            columns: How many of the three.
        """
        requests = played(hardware, self._workers, self._answered)
        mine = [Parts.of(hardware, requests[at]) for at in self._alone]
        left = [
            ms - part.rest_ms + part.cache_mb * turned_ms
            for ms, part in zip(self._ttft_ms, mine, strict=True)
        ]
        rows = [(1.0, part.steps_ms, part.cache_mb)[:columns] for part in mine]
        found = least_squares.robust(rows, left, self._ttft_ms, OUTLIER)
        if found.coefficients[0] >= 0:
            return found
        without = least_squares.robust([row[1:] for row in rows], left, self._ttft_ms, OUTLIER)
        return least_squares.Fit(
            [0.0, *without.coefficients], [0.0, *without.errors], without.points
        )

    def _leave_out_too_soon(self, link_gb_s: float) -> None:
        """Of first tokens before their cache can be there a few are chance, many are the link's."""
        token_ms = self._hardware.profile.kv_bytes_per_token / 1e6 / link_gb_s
        every = [(self._answered[at].prompt_tokens, at, ttft_ms)
                 for at, ttft_ms in zip(self._alone, self._ttft_ms, strict=True)]  # fmt: skip
        kept = [each for each in every if each[0] * token_ms < each[2]]
        if len(every) - len(kept) > TOO_SOON_MAX * len(every):
            tokens, _, ttft_ms = next(each for each in every if each not in kept)
            raise UsageError(
                f"over a KV link of {link_gb_s:g} GB/s the cache of {tokens:,} tokens takes"
                f" longer than their first token, {ttft_ms / 1000:.2f} s after it was sent",
                _RAN_ON,
            )
        self._alone, self._ttft_ms = [each[1] for each in kept], [each[2] for each in kept]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
