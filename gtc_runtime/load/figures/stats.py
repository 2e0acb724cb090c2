"""Load statistics in slices of one second: recorded in the load process, kept by its parent.

Pure arithmetic on purpose: no event loop, no input or output, no clock. The load process adds to a
`SliceRecorder` (`recorder.py`) and ships what is new; the parent adds it to a `SliceBook` and asks
for windows.
Slices are whole seconds of CLOCK_MONOTONIC, which both processes share. A request belongs to the
slice in which it was due, an inter-token gap to the slice in which it arrived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gtc_runtime.load.figures.histogram import Histogram, Lengths
from gtc_runtime.load.records import KEYS, STAT_KEYS, Key, Outcome
from gtc_spec.workloads import FACTS, SUMMED

if TYPE_CHECKING:
    from gtc_runtime.load.figures.snapshot import Snapshot

LATENCIES = ("ttft", "ttft_scheduled", "itl", "stall", "tpot", "e2e", "slip")
"""The latencies of a tally, in the order in which they are shown."""
LENGTHS = ("isl", "osl")
"""Prompt and answer lengths of a tally."""
COUNTED = ("counted", "counted_by_usage", "counted_by_token")
"""How many requests' tokens were counted how."""
_COUNTERS = ("due", "ok", "good", "shed", "tokens", "answers", "answer_prompt_tokens", *COUNTED)


@dataclass(slots=True)
class Tally:
    """Counts and latencies of one key over some time.

    Attributes:
        due: Requests that were due.
        ok: Requests that ended well.
        good: Requests that ended well and met every goal; the numerator of goodput.
        shed: Requests that were due but never sent.
        tokens: Output tokens that arrived.
        answers: Requests that ended well, in the second of their last output.
        answer_prompt_tokens: Prompt tokens of these, in the same second.
        counted: Requests that ended, well or not, and brought output.
        counted_by_usage: Those of them whose tokens the server's own usage counted.
        counted_by_token: Those of them whose gaps are known token by token, see `itl_basis`.
        failed: Requests that failed, by outcome class (`cancelled` included).
        ttft: Service TTFT, from send to first output token.
        ttft_scheduled: From due to first output token.
        itl: Inter-token latency, one observation for each token but the first of an answer: the
            gap divided by the tokens that it brought, and 0 for those that came with the first.
        stall: The raw gap between two arrivals, once per arrival.
        tpot: Mean time of an output token after the first, once per request that ended well.
        e2e: From send to last output token, once per request that ended well.
        slip: Send minus due.
        isl: Prompt lengths of the requests that ended well, in tokens.
        osl: Lengths of their answers, in tokens.
    """

    due: int = 0
    ok: int = 0
    good: int = 0
    shed: int = 0
    tokens: int = 0
    answers: int = 0
    answer_prompt_tokens: int = 0
    counted: int = 0
    counted_by_usage: int = 0
    counted_by_token: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    ttft: Histogram = field(default_factory=Histogram)
    ttft_scheduled: Histogram = field(default_factory=Histogram)
    itl: Histogram = field(default_factory=Histogram)
    stall: Histogram = field(default_factory=Histogram)
    tpot: Histogram = field(default_factory=Histogram)
    e2e: Histogram = field(default_factory=Histogram)
    slip: Histogram = field(default_factory=Histogram)
    isl: Lengths = field(default_factory=Lengths)
    osl: Lengths = field(default_factory=Lengths)

    @property
    def n(self) -> int:
        """Requests whose first output token arrived: the size of the TTFT sample."""
        return self.ttft.n

    @property
    def failed_total(self) -> int:
        """All failed requests."""
        return sum(self.failed.values())

    @property
    def open(self) -> int:
        """Requests that were due and have not ended yet."""
        return self.due - self.ok - self.shed - self.failed_total

    @property
    def good_share(self) -> float | None:
        """Goodput as a share (0..1) of the requests that have ended; None before one has."""
        ended = self.due - self.open
        return self.good / ended if ended > 0 else None

    def merge(self, other: Tally) -> None:
        """Add another tally to this one."""
        for name in _COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for outcome, count in other.failed.items():
            self.failed[outcome] = self.failed.get(outcome, 0) + count
        for name in (*LATENCIES, *LENGTHS):
            getattr(self, name).merge(getattr(other, name))

    def to_json(self) -> dict[str, Any]:
        """Only what is not empty, so that a snapshot stays small."""
        names = (*_COUNTERS, "failed")
        out = {name: value for name in names if (value := getattr(self, name))}
        for name in (*LATENCIES, *LENGTHS):
            if flat := getattr(self, name).to_json():
                out[name] = flat
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tally:
        """Read what `to_json` wrote."""
        tally = cls(failed=dict(data.get("failed", {})))
        for name in _COUNTERS:
            setattr(tally, name, data.get(name, 0))
        for name in LATENCIES:
            setattr(tally, name, Histogram.from_json(data.get(name, ())))
        for name in LENGTHS:
            setattr(tally, name, Lengths.from_json(data.get(name, ())))
        return tally


_SUM_OF = {key: workload for workload in SUMMED for key in FACTS[workload].keys}

Slices = dict[int, dict[Key, Tally]]
"""Tallies by second of CLOCK_MONOTONIC and key."""


def tally_at(slices: Slices, at_s: float, key: Key) -> Tally:
    """The tally of a key in the second of `at_s`; made when it is the first of its second."""
    tallies = slices.get(int(at_s))
    if tallies is None:
        tallies = slices[int(at_s)] = {}
    tally = tallies.get(key)
    if tally is None:
        tally = tallies[key] = Tally()
    return tally


@dataclass(frozen=True)
class WindowStats:
    """Statistics of a stretch of time by key: the measured ones and the sums of them.

    Attributes:
        start_s: First second of the window, CLOCK_MONOTONIC.
        end_s: End of the window (exclusive).
        by_key: One tally for each of STAT_KEYS.
    """

    start_s: float
    end_s: float
    by_key: Mapping[str, Tally]

    def __getitem__(self, key: str) -> Tally:
        return self.by_key[key]

    @property
    def length_s(self) -> float:
        """Length of the window in seconds."""
        return self.end_s - self.start_s


class SliceBook:
    """Keeps the slices of the recent past and everything ever counted. Lives in the parent.

    Args:
        horizon_s: How long slices are kept, in seconds. Totals are kept for good.
    """

    def __init__(self, horizon_s: int = 1800) -> None:
        self._horizon_s = horizon_s
        self._slices: Slices = {}
        self._totals: dict[Key, Tally] = {}

    def add(self, snapshot: Snapshot) -> None:
        """Add the increments of a snapshot and forget slices older than the horizon."""
        for second, tallies in snapshot.slices.items():
            kept = self._slices.setdefault(second, {})
            for key, tally in tallies.items():
                kept.setdefault(key, Tally()).merge(tally)
                self._totals.setdefault(key, Tally()).merge(tally)
        oldest = int(snapshot.at_s) - self._horizon_s
        for second in [second for second in self._slices if second < oldest]:
            del self._slices[second]

    def window(self, start_s: float, end_s: float) -> WindowStats:
        """Statistics of all slices whose second lies in [start_s, end_s).

        The cost grows with the length: about 0.1 ms for each second of full load.
        """
        sums: dict[Key, Tally] = {}
        for second in range(int(start_s), max(int(start_s), -int(-end_s // 1))):
            for key, tally in self._slices.get(second, {}).items():
                sums.setdefault(key, Tally()).merge(tally)
        return WindowStats(start_s, end_s, _with_sums(sums))

    def totals(self) -> Mapping[str, Tally]:
        """Everything since the start or the last `reset`, by key of STAT_KEYS."""
        return _with_sums(self._totals)

    def settle_open(self) -> None:
        """The load process died: what it left open counts as cancelled from now on."""
        for tallies in self._slices.values():
            for key, tally in tallies.items():
                left = max(0, tally.open)
                if left:
                    lost = Tally(failed={Outcome.CANCELLED: left})
                    tally.merge(lost)
                    self._totals.setdefault(key, Tally()).merge(lost)

    def reset(self) -> None:
        """Forget everything. Call it when no request is open, or later ends will have no due."""
        self._slices.clear()
        self._totals.clear()


def _with_sums(measured: Mapping[Key, Tally]) -> dict[str, Tally]:
    """Every key of STAT_KEYS: the measured ones and the sums of them; others if seen."""
    out = {key: Tally() for key in STAT_KEYS}
    for key in KEYS:
        if (tally := measured.get(key)) is None:
            continue
        out.setdefault(key, Tally()).merge(tally)
        out["all"].merge(tally)
        if (whole := _SUM_OF.get(key)) is not None:
            out[whole].merge(tally)
    return out
