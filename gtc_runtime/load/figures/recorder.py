"""Counts what happens to requests, in the load process, ten thousand times a second.

Pure arithmetic, like `stats.py`, whose slices it fills. Nearly every arrival brings one token, and
its gap is then both an inter-token latency and a stall: it is counted once, and taken apart when
the slices are taken away. Counting waits for a few hundred of them: between two reads of a socket
nothing is in the processor's caches, and the same work costs three times as much.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from gtc_runtime.load import native
from gtc_runtime.load.figures.gaps import NativeGaps
from gtc_runtime.load.figures.histogram import bucket_of
from gtc_runtime.load.figures.singles import AT_ONCE_MAX, Single
from gtc_runtime.load.figures.stats import Slices, Tally, tally_at
from gtc_runtime.load.records import KEYS, Key, Outcome, RequestRecord
from gtc_runtime.load.settings import RequestGoals

TOGETHER = 256
"""Gaps that are counted at once, in a tenth of a millisecond."""


class Gaps:
    """Gaps before arrivals of one token, by the second in which they ended."""

    __slots__ = ("_by_second", "_from_s", "_new", "_until_s")

    def __init__(self) -> None:
        self._by_second: dict[int, dict[int, int]] = {}
        self._new: list[float] = []  # of the second that begins at `_from_s`
        self._from_s = self._until_s = 0

    def add(self, at_s: float, gap_s: float) -> None:
        """One token arrived at `at_s`, `gap_s` after the output before it."""
        if not self._from_s <= at_s < self._until_s or len(self._new) >= TOGETHER:
            self._count()
            self._from_s = int(at_s)
            self._until_s = self._from_s + 1
        self._new.append(gap_s)

    def move_to(self, slices: Slices, key: Key) -> None:
        """Add everything to slices and be empty."""
        self._count()
        for second, buckets in self._by_second.items():
            tally = tally_at(slices, second, key)
            for index, count in buckets.items():
                tally.tokens += count
                tally.stall.add_at(index, count)
                tally.itl.add_at(index, count)
        self._by_second = {}

    def _count(self) -> None:
        """Put what is new into buckets."""
        if self._new:
            buckets = self._by_second.setdefault(self._from_s, {})
            for gap_s in self._new:
                index = bucket_of(gap_s)
                buckets[index] = buckets.get(index, 0) + 1
            self._new.clear()


class SliceRecorder:
    """Collects what happened since the last `take`. Lives in the load process.

    Args:
        goals: By which a request is judged to be a good one; None finds none good.

    Attributes:
        gaps: For each key, where an arrival of one token is counted.
        keeps_singles: Whether first tokens are also kept one by one.
    """

    def __init__(self, goals: RequestGoals | None = None) -> None:
        self._goals = goals
        self._slices: Slices = {}
        self.keeps_singles = False
        self._singles: list[Single] = []
        core = native.core()
        self.gaps: dict[Key, Gaps | NativeGaps] = {
            key: Gaps() if core is None else NativeGaps(core.Gaps) for key in KEYS
        }

    def due(self, record: RequestRecord) -> None:
        """A request is due."""
        tally_at(self._slices, record.due_s, record.key).due += 1

    def sent(self, record: RequestRecord) -> None:
        """A request was handed to the kernel."""
        if (slip_s := record.slip_s) is not None:
            tally_at(self._slices, record.due_s, record.key).slip.add(slip_s)

    def first_token(self, record: RequestRecord, tokens: int) -> None:
        """The first output arrived and brought `tokens` tokens."""
        tally = tally_at(self._slices, record.due_s, record.key)
        if (ttft_s := record.ttft_s) is not None:
            tally.ttft.add(ttft_s)
            if self.keeps_singles and len(self._singles) < AT_ONCE_MAX:
                self._singles.append(Single(record.due_s, ttft_s, record.key))
        if (scheduled_s := record.scheduled_ttft_s) is not None:
            tally.ttft_scheduled.add(scheduled_s)
        if record.first_s is not None:
            tally = tally_at(self._slices, record.first_s, record.key)
            tally.tokens += tokens
            if tokens > 1:
                tally.itl.add(0.0, tokens - 1)

    def gap(self, key: Key, at_s: float, gap_s: float, tokens: int) -> None:
        """Several tokens arrived at `at_s` at once, `gap_s` after the output before them."""
        tally = tally_at(self._slices, at_s, key)
        tally.tokens += tokens
        tally.stall.add(gap_s)
        tally.itl.add(gap_s / tokens, tokens)

    def spread(
        self, key: Key, arrivals_s: Sequence[float], brought: array[int], total: int
    ) -> None:
        """The server says at the end that more tokens came than were counted.

        Nobody knows which arrival brought how many, so each gets its share, and what was counted
        for it is counted anew, in the second in which it arrived.

        Args:
            key: Statistics key.
            arrivals_s: When output arrived.
            brought: Tokens that were counted for each arrival; holds the shares afterwards.
            total: Tokens that came.
        """
        counted, seen, shared = sum(brought), 0, 0
        before_s = arrivals_s[0]
        for at, (at_s, tokens) in enumerate(zip(arrivals_s, brought, strict=True)):
            seen += tokens
            share = total * seen // counted - shared
            shared += share
            if share != tokens:
                self._count_anew(key, at_s, at_s - before_s if at else None, tokens, share)
                brought[at] = share
            before_s = at_s

    def _count_anew(
        self, key: Key, at_s: float, gap_s: float | None, tokens: int, share: int
    ) -> None:
        """An arrival brought `share` tokens and not `tokens`; without a gap it was the first."""
        tally = tally_at(self._slices, at_s, key)
        tally.tokens += share - tokens
        if gap_s is None:
            tally.itl.add(0.0, share - tokens)
        else:
            tally.itl.add(gap_s / tokens, -tokens)
            tally.itl.add(gap_s / share, share)

    def ended(self, record: RequestRecord) -> None:
        """A request has its outcome."""
        if record.outcome is None:
            raise ValueError("a request that ended must have an outcome")
        tally = tally_at(self._slices, record.due_s, record.key)
        if record.tokens:
            tally.counted += 1
            tally.counted_by_usage += record.counted_by == "usage"
            tally.counted_by_token += record.itl_basis == "token"
        if record.outcome is Outcome.OK:
            tally.ok += 1
            if (tpot_s := record.tpot_s) is not None:
                tally.tpot.add(tpot_s)
            good = self._goals is not None and self._goals.met_by(record.ttft_s, tpot_s)
            tally.good += good
            self._answered(record, tally, good)
        elif record.outcome is Outcome.SHED:
            tally.shed += 1
        else:
            tally.failed[record.outcome] = tally.failed.get(record.outcome, 0) + 1

    def _answered(self, record: RequestRecord, tally: Tally, good: bool) -> None:
        """A request ended well: its lengths and its end."""
        tally.isl.add_at(record.prompt_tokens)
        tally.osl.add_at(record.tokens)
        if record.last_s is None or (e2e_s := record.e2e_s) is None:
            return
        tally.e2e.add(e2e_s)
        ended = tally_at(self._slices, record.last_s, record.key)
        ended.answers += 1
        ended.good_answers += good
        ended.answer_prompt_tokens += record.prompt_tokens

    def take(self) -> Slices:
        """Everything since the last call; the recorder is empty afterwards."""
        slices, self._slices = self._slices, {}
        for key, gaps in self.gaps.items():
            gaps.move_to(slices, key)
        return slices

    def take_singles(self) -> tuple[Single, ...]:
        """Requests whose first token arrived since the last call, as far as they were kept."""
        singles, self._singles = tuple(self._singles), []
        return singles
