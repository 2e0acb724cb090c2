"""One load engine at the far end of a duplex stream of lines, and several seen as one.

Commands go out and snapshots come in, one JSON object a line. What carries the lines is not known
here: the pipes of a child process today, any other stream that is as orderly tomorrow.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence

from gtc_runtime.load.figures.snapshot import Gauges, Light, Quality, Snapshot
from gtc_spec.errors import UnreachableError

SEND_S = 3.0
"""Longest wait for a shard to take a command off its stream."""
_WORSE: tuple[Light, ...] = ("green", "amber", "red")

log = logging.getLogger(__name__)


class Shard:
    """What a parent knows of one engine.

    Args:
        commands: Takes lines to the engine.
        reports: Brings lines from it.
        on_snapshot: Called with each snapshot after `newest` has changed.

    Attributes:
        newest: The latest snapshot; None before the first.
        known: Set when it is known whether the engine works: a snapshot came, or its stream ended.
    """

    def __init__(
        self,
        commands: asyncio.StreamWriter,
        reports: asyncio.StreamReader,
        on_snapshot: Callable[[Snapshot], None],
    ) -> None:
        self._commands, self._reports = commands, reports
        self._on_snapshot = on_snapshot
        self.newest: Snapshot | None = None
        self.known = asyncio.Event()

    async def send(self, command: dict[str, object]) -> None:
        """Send one command.

        Raises:
            UnreachableError: The engine does not take it.
        """
        try:
            self._commands.write(json.dumps(command).encode() + b"\n")
            async with asyncio.timeout(SEND_S):
                await self._commands.drain()
        except (ConnectionError, TimeoutError, RuntimeError) as error:
            raise UnreachableError(f"the load process does not listen: {error!r}") from None

    def close(self) -> None:
        """Close the stream of commands: the engine ends at once and sends a last snapshot."""
        self._commands.close()

    async def read(self) -> None:
        """Take in snapshots until their stream ends."""
        try:
            await self._read()
        finally:
            self.known.set()

    async def _read(self) -> None:
        while line := await self._reports.readline():
            try:
                self.newest = snapshot = Snapshot.from_line(line)
            except ValueError:
                log.warning("the load process said something that is no snapshot: %r", line[:200])
                continue
            self.known.set()
            self._on_snapshot(snapshot)


def combined(latest: Snapshot, newest: Sequence[Snapshot]) -> Snapshot:
    """The snapshot of one shard as one of all of them.

    Args:
        latest: Its increments are passed on, so that none is counted twice.
        newest: The latest snapshot of every shard, `latest` among them.

    Returns:
        The increments of `latest`, the gauges added up, the worst quality, and the time of the
        shard that has been silent for longest.
    """
    if len(newest) == 1:
        return latest
    return Snapshot(
        at_s=min(each.at_s for each in newest),
        slices=latest.slices,
        gauges=_sum([each.gauges for each in newest], latest.gauges.last_failure),
        quality=worst([each.quality for each in newest]),
        singles=latest.singles,
        answer=next((each.answer for each in newest if each.answer is not None), None),
    )


def _sum(gauges: Sequence[Gauges], last_failure: str) -> Gauges:
    """Counts and rates added up, the ratio of tokens to words as their mean."""

    def total(name: str) -> int:
        return sum(getattr(each, name) for each in gauges)

    failures = [each.last_failure for each in gauges if each.last_failure]
    return Gauges(
        in_flight=total("in_flight"),
        waiting=total("waiting"),
        streaming=total("streaming"),
        conversations=total("conversations"),
        turns=total("turns"),
        prompt_tokens=total("prompt_tokens"),
        last_due_s=max(each.last_due_s for each in gauges),
        last_output_s=max(each.last_output_s for each in gauges),
        offered_rps=round(sum(each.offered_rps for each in gauges), 6),
        tokens_per_word=round(sum(each.tokens_per_word for each in gauges) / len(gauges), 4),
        last_failure=last_failure or (failures[0] if failures else ""),
        followups_notice=next(
            (each.followups_notice for each in gauges if each.followups_notice), ""
        ),
        followups_model=next((each.followups_model for each in gauges if each.followups_model), ""),
    )


def worst(qualities: Sequence[Quality]) -> Quality:
    """The worst light with its words, and the worst of each figure; one at least is given."""

    def most(name: str) -> float | None:
        known = [value for each in qualities if (value := getattr(each, name)) is not None]
        return max(known, default=None)

    judged = max(qualities, key=lambda each: _WORSE.index(each.light))
    least = next((each for each in qualities if each.stamp_source == "user"), judged)
    return Quality(
        light=judged.light,
        reason=judged.reason,
        stamp_source=least.stamp_source,
        stamp_reason=least.stamp_reason,
        core="native" if all(each.core == "native" for each in qualities) else "python",
        schedule_error_p99_ms=most("schedule_error_p99_ms"),
        slip_p99_ms=most("slip_p99_ms"),
        reader_stall_p99_ms=most("reader_stall_p99_ms"),
        coalesced_share=most("coalesced_share"),
        cpu_share=max(each.cpu_share for each in qualities),
    )
