"""Load statistics in slices of one second: recorded in the load process, kept by its parent.

Pure arithmetic on purpose: no event loop, no input or output, no clock. The load process adds to a
`SliceRecorder` (`recorder.py`) and sends what is new; the parent adds it to a `SliceBook`
(`slice_book.py`) and asks for windows.
Slices are whole seconds of CLOCK_MONOTONIC, which both processes share. A request belongs to the
slice in which it was due, an inter-token gap to the slice in which it arrived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gtc_runtime.load.figures.histogram import Histogram, Lengths
from gtc_runtime.load.records import Key

LATENCIES = ("ttft", "ttft_scheduled", "itl", "stall", "tpot", "e2e", "slip")
"""The latencies of a tally, in the order in which they are shown."""
LENGTHS = ("isl", "osl")
"""Prompt and answer lengths of a tally."""
COUNTED = ("counted", "counted_by_usage", "counted_by_token")
"""How many requests' tokens were counted how."""
_ANSWERS = ("answers", "good_answers", "answer_prompt_tokens")
_COUNTERS = ("due", "ok", "good", "shed", "tokens", *_ANSWERS, *COUNTED)


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
        good_answers: Those of them that met every goal, in the same second.
        answer_prompt_tokens: Prompt tokens of the answers, in the same second.
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
    good_answers: int = 0
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
