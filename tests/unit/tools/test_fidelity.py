"""The twin beside what was measured: every figure as near as is promised, the pair the same way."""

from functools import cache

import pytest

from tools.fidelity.pair import AGGREGATED, DISAGGREGATED, Row, rows
from tools.fidelity.points import Point
from tools.fidelity.points import points as played

ALL = MIX, REASONING, DOCUMENTS = ("40/30/30, 3 rps", "0/0/100, 6 rps", "0/100/0, 2 rps")
TAIL = ("ITL p99", "ITL mean", "TPOT p50", "TPOT p95")


@cache
def by_load_and_topology() -> dict[tuple[str, str], Row]:
    """Played when a test asks, not by whoever only collects."""
    return {(row.load, row.topology): row for row in rows()}


@cache
def points() -> list[Point]:
    """As above."""
    return list(played())


def test_every_figure_is_as_near_as_is_promised() -> None:
    assert [point for point in points() if abs(point.difference) > point.limit] == []


def test_what_is_promised_is_what_the_project_promises() -> None:
    limits = {point.what.split(",")[0].split(" of ")[0]: point.limit for point in points()}

    assert max(limits.values()) <= 0.25
    assert limits["TTFT"] == 0.20
    assert limits["gap between tokens"] == 0.10


def test_there_are_a_dozen_table_points_of_prefill_and_of_decode() -> None:
    of_table = [point.what for point in points() if point.source == "aiconfigurator"]

    assert sum(what.startswith("prefill") for what in of_table) >= 12
    assert sum(what.startswith("decode") for what in of_table) >= 12


@pytest.mark.parametrize(
    ("load", "figure", "winner"),
    [
        *((load, name, "aggregated") for load in ALL for name in ("TTFT p50", "TTFT p95")),
        *((load, "ITL p50", "aggregated") for load in ALL),
        *((load, "ITL p95", "aggregated") for load in (MIX, REASONING)),
        *((load, name, "disaggregated") for load in (MIX, DOCUMENTS) for name in TAIL),
        *((REASONING, name, "aggregated") for name in ("TPOT p50", "TPOT p95")),
    ],
)
def test_the_fair_pair_comes_out_the_same_way_round(load: str, figure: str, winner: str) -> None:
    for which in (0, 1):  # measured, and the twin's median
        together, apart = (
            by_load_and_topology()[load, each].figures[figure][which]
            for each in (AGGREGATED, DISAGGREGATED)
        )
        assert (together < apart) == (winner == "aggregated")


@pytest.mark.parametrize("load", [MIX, DOCUMENTS])
def test_disaggregation_answers_more_requests_well_under_documents(load: str) -> None:
    for which in (0, 1):
        apart, together = (
            by_load_and_topology()[load, each].figures["good"][which]
            for each in (DISAGGREGATED, AGGREGATED)
        )
        assert apart > together


def within(row: Row, figure: str, share: float) -> bool:
    measured, twin, *_ = row.figures[figure]
    return abs(twin / measured - 1) <= share


@pytest.mark.parametrize("topology", [AGGREGATED, DISAGGREGATED], ids=str)
@pytest.mark.parametrize("figure", ["TTFT p50", "ITL p50", "ITL mean", "TPOT p50"])
def test_the_mixed_load_is_as_measured_within_a_tenth(topology: object, figure: str) -> None:
    assert within(by_load_and_topology()[MIX, topology], figure, 0.10)  # type: ignore[index]


def test_the_stalls_of_an_aggregated_worker_are_as_long_as_measured() -> None:
    assert within(by_load_and_topology()[MIX, AGGREGATED], "ITL p99", 0.20)
    assert within(by_load_and_topology()[DOCUMENTS, DISAGGREGATED], "ITL p99", 0.20)
