"""What the engine has to reach, judged on the medians of the rows that count.

Ratios to peers and to the C client are of the same run on the same machine. A gate without a row to
judge by is not passed: nobody knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.bench.load import ours, reference
from tests.bench.load.measured import Row

ENGINE, ENGINE_CLOSED, LIMIT = ours.CLIENT, f"{ours.CLIENT}, closed loop", reference.CLIENT
HALF_STREAMS, MOST_STREAMS = 500, 1000
PEERS_TIMES = 10.0
DELIVERED_MIN = 0.97
CPU_MS_MAX, CPU_OF_PEER_MAX, CPU_OF_LIMIT_MAX = 25.0, 1 / 3, 2.5
STAMP_ERROR_MAX_MS = 0.1
TTFT_ERROR_MAX_MS: Mapping[int, float] = {50: 0.5, 500: 5.0}
RATE_ERROR_MAX, SCHEDULE_ERROR_MAX_MS = 0.002, 2.0
MEMORY_MAX_MB, STREAM_MAX_KB, START_MAX_S, GROWTH_MAX = 80.0, 20.0, 1.0, 0.05
BASE_STREAMS = 50


@dataclass(frozen=True)
class Verdict:
    """One gate.

    Attributes:
        name: What is asked for.
        value, limit: NaN where there is no row to judge by.
        at_most: Whether `limit` is the largest or the smallest that passes.
        unit: Of value and limit.
    """

    name: str
    value: float
    limit: float
    at_most: bool
    unit: str = ""

    @property
    def judged(self) -> bool:
        """Whether there was something to judge by."""
        return math.isfinite(self.value) and math.isfinite(self.limit)

    @property
    def passed(self) -> bool:
        """Whether the gate is reached."""
        if not self.judged:
            return False
        return self.value <= self.limit if self.at_most else self.value >= self.limit


class Table:
    """Rows that count, by case and client.

    Args:
        rows: All rows taken; those with trouble are left out.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._values: dict[tuple[str, str, str], list[float]] = {}
        for row in rows:
            if row.conditions.trouble:
                continue
            for name, value in row.figures.items():
                if math.isfinite(value):
                    self._values.setdefault((row.case, row.client, name), []).append(value)

    def values(self, case: str, client: str, figure: str) -> list[float]:
        """All values of a figure; none if there is no such row."""
        return self._values.get((case, client, figure), [])

    def median(self, case: str, client: str, figure: str) -> float:
        """NaN without a row."""
        values = self.values(case, client, figure)
        return float(np.median(values)) if values else float("nan")

    def best(self, case: str, clients: Sequence[str], figure: str) -> float:
        """The largest value of several clients; NaN without a row."""
        values = [value for client in clients for value in self.values(case, client, figure)]
        return max(values, default=float("nan"))


def judge(rows: Iterable[Row], peers: Sequence[str]) -> list[Verdict]:
    """All gates that are judged by medians.

    Args:
        rows: What was measured.
        peers: Clients that ours is held against, as the rows name them; gates on them are left
            out when there are none.
    """
    table = Table(rows)
    verdicts = [*_throughput(table), *_truth(table), *_schedule(table), *_thrift(table)]
    return verdicts + (_against_peers(table, peers) if peers else [])


def _throughput(table: Table) -> list[Verdict]:
    case = f"paced {MOST_STREAMS}"
    cpu_ms = table.median(case, ENGINE, "cpu_ms_per_1000")
    limit_ms = table.median(case, LIMIT, "cpu_ms_per_1000")
    return [
        Verdict(
            f"delivered at {MOST_STREAMS} streams",
            table.median(case, ENGINE, "delivered") * 100,
            DELIVERED_MIN * 100,
            at_most=False,
            unit="%",
        ),
        Verdict(f"CPU for 1,000 chunks at {MOST_STREAMS} streams", cpu_ms, CPU_MS_MAX, True, "ms"),
        Verdict(
            f"CPU for 1,000 chunks more, from {HALF_STREAMS} to {MOST_STREAMS} streams",
            _marginal_ms(table),
            CPU_MS_MAX,
            at_most=True,
            unit="ms",
        ),
        Verdict(
            "CPU at 1000 streams, of the C client's", cpu_ms / limit_ms, CPU_OF_LIMIT_MAX, True, "x"
        ),
        Verdict(
            "CPU at 1000 streams in a closed loop, of the C client's",
            table.median(case, ENGINE_CLOSED, "cpu_ms_per_1000") / limit_ms,
            CPU_OF_LIMIT_MAX,
            at_most=True,
            unit="x",
        ),
    ]


def _marginal_ms(table: Table) -> float:
    """What the chunks of the second half of the streams cost on top of the first half's."""
    (few, few_ms), (many, many_ms) = (
        (
            table.median(f"paced {streams}", ENGINE, "chunks_per_s"),
            table.median(f"paced {streams}", ENGINE, "cpu_ms_per_1000"),
        )
        for streams in (HALF_STREAMS, MOST_STREAMS)
    )
    return (many * many_ms - few * few_ms) / (many - few)


def _truth(table: Table) -> list[Verdict]:
    verdicts = []
    for streams, ttft_max_ms in TTFT_ERROR_MAX_MS.items():
        for busy in ("", " busy"):
            words = f"at {streams} streams" + (" beside a busy thread" if busy else "")
            stamp_ms = table.median(f"paced {streams}{busy} errors", ENGINE, "stamp_error_p99_ms")
            verdicts.append(
                Verdict(f"chunk stamp error p99 {words}", stamp_ms, STAMP_ERROR_MAX_MS, True, "ms")
            )
        ttft_ms = table.median(f"paced {streams} errors", ENGINE, "ttft_error_p99_ms")
        verdicts.append(
            Verdict(f"TTFT error p99 at {streams} streams", ttft_ms, ttft_max_ms, True, "ms")
        )
    return verdicts


def _schedule(table: Table) -> list[Verdict]:
    verdicts = []
    for rps in (100, 300):
        case = f"rate {rps}"
        off = abs(table.median(case, ENGINE, "rps") / rps - 1) * 100
        late_ms = table.median(case, ENGINE, "schedule_error_p99_ms")
        verdicts += [
            Verdict(f"{rps} rps: realised, off by", off, RATE_ERROR_MAX * 100, True, "%"),
            Verdict(f"{rps} rps: schedule error p99", late_ms, SCHEDULE_ERROR_MAX_MS, True, "ms"),
        ]
    return verdicts


def _thrift(table: Table) -> list[Verdict]:
    few, many = (
        table.median(f"paced {streams}", ENGINE, "rss_mb")
        for streams in (BASE_STREAMS, MOST_STREAMS)
    )
    per_stream_kb = (many - few) * 1e3 / (MOST_STREAMS - BASE_STREAMS)
    start_s = table.median(f"paced {BASE_STREAMS}", ENGINE, "start_s")
    command_s = table.median("command", ours.COMMAND, "start_s")
    growth = table.median("long run", ENGINE, "rss_growth") * 100
    return [
        Verdict(
            f"memory of the process at {MOST_STREAMS} streams", many, MEMORY_MAX_MB, True, "MB"
        ),
        Verdict("memory of a stream", per_stream_kb, STREAM_MAX_KB, True, "KB"),
        Verdict("start of the process to first request", start_s, START_MAX_S, True, "s"),
        Verdict("gtc load run to its first request", command_s, START_MAX_S, True, "s"),
        Verdict("memory after another 10^6 chunks, grown by", growth, GROWTH_MAX * 100, True, "%"),
    ]


def _against_peers(table: Table, peers: Sequence[str]) -> list[Verdict]:
    better = table.best("firehose", peers, "chunks_per_s")
    verdicts = [
        Verdict(
            "firehose chunks/s, of the better peer's",
            table.median("firehose", ENGINE_CLOSED, "chunks_per_s") / better,
            PEERS_TIMES,
            at_most=False,
            unit="x",
        )
    ]
    for peer in (each for each in peers if each.startswith("aiperf")):
        case = f"paced {MOST_STREAMS}"
        cpu_ms = table.median(case, ENGINE, "cpu_ms_per_1000")
        verdicts.append(
            Verdict(
                f"CPU for 1,000 chunks, of {peer}'s",
                cpu_ms / table.median(case, peer, "cpu_ms_per_1000"),
                CPU_OF_PEER_MAX,
                at_most=True,
                unit="x",
            )
        )
        for rps in (100, 300):
            ours_ms, theirs_ms = (
                table.median(f"rate {rps}", client, "schedule_error_p99_ms")
                for client in (ENGINE, peer)
            )
            name = f"{rps} rps: schedule error p99, against {peer}'s"
            verdicts.append(Verdict(name, ours_ms, theirs_ms, True, "ms"))
    return verdicts
