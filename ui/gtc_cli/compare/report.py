"""Two ways of serving in figures: what each did with the same load, and which one did better.

A difference within `EVEN` is called even: two runs of the same thing differ by that much on a busy
machine.
"""

from __future__ import annotations

from typing import Any, Final

from gtc_runtime.formats import NO_DATA_WORDS, percent
from gtc_spec.cloud import bill
from gtc_spec.environment import Environment
from gtc_spec.workloads import STATS

JSON = dict[str, Any]
SCHEMA: Final = "gtc-compare-report/1"
LEGS: Final = ("disaggregated", "aggregated")
EVEN: Final = 0.1
"""Difference, as a share of the better figure, that counts as none."""

MEASURES: Final = {
    "ttft_p50_ms": ("TTFT p50, ms", False),
    "ttft_p95_ms": ("TTFT p95, ms", False),
    "itl_p50_ms": ("ITL p50, ms", False),
    "itl_p95_ms": ("ITL p95, ms", False),
    "itl_p99_ms": ("ITL p99, ms", False),
    "tpot_p95_ms": ("mean ITL of a request p95, ms", False),
    "goodput_share": ("goodput, share of requests", True),
    "usd_per_million": ("USD a million output tokens", False),
    "usd_per_million_good": ("USD a million tokens of good requests", False),
}
"""Key: how it is called, and whether more is better."""


def figures(env: Environment, document: JSON, gpus: int) -> JSON:
    """One leg under one load: the measures and the load report behind them.

    Args:
        env: Prices.
        document: The report of `gtc load run`.
        gpus: GPUs that served.
    """
    whole, run = document["figures"]["all"], document["run"]
    hours = run["length_s"] / 3600
    usd = bill.bill(env, hours).usd * gpus / env.slots
    good = sum(
        each["output_tokens"] * each["good"] / each["ok"]
        for stat in STATS
        if (each := document["figures"][stat.key])["ok"]
    )
    latency = whole["latency"]
    return {
        "ttft_p50_ms": latency["ttft"]["p50_ms"],
        "ttft_p95_ms": latency["ttft"]["p95_ms"],
        "itl_p50_ms": latency["itl"]["p50_ms"],
        "itl_p95_ms": latency["itl"]["p95_ms"],
        "itl_p99_ms": latency["itl"]["p99_ms"],
        "tpot_p95_ms": latency["tpot"]["p95_ms"],
        "goodput_share": whole["goodput_share"],
        "usd_per_million": _rounded(bill.usd_per_million(usd, whole["output_tokens"])),
        "usd_per_million_good": _rounded(bill.usd_per_million(usd, round(good))),
        "load": document,
    }


def verdicts(legs: dict[str, dict[str, JSON]]) -> list[JSON]:
    """For each load and measure both figures and the better leg.

    Args:
        legs: Leg, load, figures.
    """
    rows = []
    for load in legs[LEGS[0]]:
        for measure, (title, more) in MEASURES.items():
            pair = {leg: legs[leg][load][measure] for leg in LEGS}
            rows.append({"load": load, "measure": measure, "title": title, **pair,
                         "better": better(*(pair[leg] for leg in LEGS), more=more)})  # fmt: skip
    return rows


def better(disaggregated: float | None, aggregated: float | None, *, more: bool) -> str:
    """The better leg, ``even``, or ``no data`` when one has no figure."""
    if disaggregated is None or aggregated is None:
        return NO_DATA_WORDS
    low, high = sorted((disaggregated, aggregated))
    if high - low <= EVEN * high:
        return "even"
    return LEGS[0] if (disaggregated > aggregated) == more else LEGS[1]


def summary(rows: list[JSON]) -> list[str]:
    """One line a load: where each leg is better."""
    lines = []
    for load in dict.fromkeys(row["load"] for row in rows):
        mine = [row for row in rows if row["load"] == load]
        told = []
        for leg in (*LEGS, "even", NO_DATA_WORDS):
            won = [row["measure"] for row in mine if row["better"] == leg]
            if won:
                told.append(f"{leg}: {', '.join(won)}")
        lines.append(f"{load}: {'; '.join(told)}")
    return lines


def doubts(legs: dict[str, dict[str, JSON]]) -> list[str]:
    """When the client was not quite up to it, or knew less than it should, one line each."""
    late = [
        f"{leg} {load}: the client's light was {quality['light']}, {quality['reason']};"
        f" green for {percent(quality['light_shares']['green'], 0)} of the run"
        for leg, loads in legs.items()
        for load, found in loads.items()
        if (quality := found["load"]["quality"])["light"] != "green"
    ]
    spread = [
        f"{leg} {load}: the server says only at the end how many tokens its frames had, so the ITL"
        " is spread over them"
        for leg, loads in legs.items()
        for load, found in loads.items()
        if found["load"]["run"]["itl_basis"] == "frame"
    ]
    return late + spread


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
