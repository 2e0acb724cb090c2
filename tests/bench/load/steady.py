"""Gates that hold in nearly every repetition: a median hides a stall that comes now and then."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tests.bench.load.gates import ENGINE, LIMIT, STAMP_ERROR_MAX_MS, Table, Verdict
from tests.bench.load.measured import Row

SHARE = 0.9
"""Of the repetitions have to hold."""
CPU_MAX = 1.4
"""Of the C client's median in the same case."""
TTFT_ERROR_MAX_MS, SCHEDULE_ERROR_MAX_MS, DELIVERED_MIN = 1.0, 1.0, 0.99


@dataclass(frozen=True)
class Gate:
    """What a repetition has to show.

    Attributes:
        words: What is asked for.
        case, figure: Of our rows.
        limit, at_most: As in `Verdict`.
        unit: Of the limit.
        of_client: The figure is divided by the C client's median.
    """

    words: str
    case: str
    figure: str
    limit: float
    unit: str = ""
    at_most: bool = True
    of_client: bool = False

    def holds(self, value: float) -> bool:
        """Whether a repetition is well."""
        return value <= self.limit if self.at_most else value >= self.limit

    def values(self, table: Table) -> list[float]:
        """The figure of each repetition; none if there is nothing to divide by."""
        of = table.median(self.case, LIMIT, self.figure) if self.of_client else 1.0
        values = table.values(self.case, ENGINE, self.figure)
        return [value / of for value in values] if math.isfinite(of) else []


def _cpu(streams: int) -> Gate:
    case, words = f"paced {streams}", f"CPU at {streams} streams"
    return Gate(words, case, "cpu_ms_per_1000", CPU_MAX, "x the C client's", of_client=True)


def _errors(busy: str, beside: str) -> tuple[Gate, Gate]:
    case, where = f"paced 500{busy} errors", f"error p99 at 500 streams{beside}"
    return (
        Gate(f"TTFT {where}", case, "ttft_error_p99_ms", TTFT_ERROR_MAX_MS, "ms"),
        Gate(f"chunk stamp {where}", case, "stamp_error_p99_ms", STAMP_ERROR_MAX_MS, "ms"),
    )


GATES = (
    *(_cpu(streams) for streams in (500, 1000)),
    *_errors("", ""),
    *_errors(" busy", " beside a busy thread"),
    Gate(
        "300 rps: schedule error p99",
        "rate 300",
        "schedule_error_p99_ms",
        SCHEDULE_ERROR_MAX_MS,
        "ms",
    ),
    Gate("2000 streams: share delivered", "paced 2000", "delivered", DELIVERED_MIN, at_most=False),
)


def judge(rows: Iterable[Row]) -> list[Verdict]:
    """In which share of the repetitions each gate holds, with their median and their worst."""
    table = Table(rows)
    return [_verdict(gate, gate.values(table)) for gate in GATES]


def _verdict(gate: Gate, values: list[float]) -> Verdict:
    sign = "<=" if gate.at_most else ">="
    name = f"{gate.words} {sign} {gate.limit:g} {gate.unit}".rstrip()
    share = float("nan")
    if values:
        worst = max(values) if gate.at_most else min(values)
        name += f" (median {np.median(values):.3g}, worst {worst:.3g} of {len(values)})"
        share = sum(map(gate.holds, values)) / len(values) * 100
    return Verdict(f"{name}: repetitions", share, SHARE * 100, at_most=False, unit="%")
