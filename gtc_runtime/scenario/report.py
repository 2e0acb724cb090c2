"""The report of a cycle: latencies and outcomes by phase, as plain JSON.

A rehearsal, a live run and a prediction of the planner have the same form, so that one judge reads
them all and tables can put them side by side. It must not know what counts as good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.figures.slice_book import SliceBook, WindowStats
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.scenario.cycle_log import CycleLog, PhaseSpan
from gtc_runtime.view import EventView

JSON = dict[str, Any]


def phases(log: CycleLog, book: SliceBook) -> list[JSON]:
    """One entry for each phase of the cycle, in order.

    Latencies cover the main part of a phase and, as ``*_tail``, its last `TAIL_S`; outcomes cover
    the settle tail as well, so that they add up to the totals of the run.
    """
    return [phase(log, span, book) for span in log.spans]


def cycle(log: CycleLog, book: SliceBook) -> JSON:
    """Phases and totals of a cycle whose requests have all ended.

    ``interrupted`` names the phase in which a panel died and the next one went on with the cycle:
    what was before it is missing, and of that phase nothing is judged.
    """
    total = book.totals()["all"]
    return {
        **({"interrupted": log.interrupted} if log.interrupted else {}),
        "phases": phases(log, book),
        "totals": outcomes(total) | {"failed": total.failed_total},
    }


def events(log: Iterable[EventView]) -> list[JSON]:
    """What happened, in order; ``actor`` is empty for what nobody ordered."""
    return [asdict(event) for event in log]


def quantiles(histogram: Histogram) -> JSON:
    """Samples and quantiles in milliseconds; a quantile of nothing is None."""
    found: JSON = {"n": histogram.n}
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        value = histogram.quantile(q)
        found[name] = None if value is None else round(value * 1000, 2)
    return found


def outcomes(tally: Tally) -> JSON:
    """How the requests that were due have ended."""
    return {
        "due": tally.due,
        "ok": tally.ok,
        "shed": tally.shed,
        "failed": dict(sorted(tally.failed.items())),
    }


def phase(log: CycleLog, span: PhaseSpan, book: SliceBook) -> JSON:
    """One phase of a cycle, as far as it has come; ``open`` counts what may change it still."""
    segment = span.segment
    main = book.window(span.start_s, span.main_end_s)
    tail = book.window(*span.tail)
    whole = main if span.end_s == span.main_end_s else book.window(span.start_s, span.end_s)
    slip = quantiles(main["all"].slip)["p99"]
    return {
        **({"interrupted": True} if span.interrupted else {}),
        "name": str(segment.phase.name),
        "length_s": span.end_s - span.start_s,
        "mix": dict(segment.mix),
        "rps": segment.rps,
        "requests": outcomes(whole["all"]),
        "open": main["all"].open,
        "ttft_ms": _latencies(main, "ttft"),
        "itl_ms": _latencies(main, "itl"),
        "ttft_ms_tail": _latencies(tail, "ttft"),
        "itl_ms_tail": _latencies(tail, "itl"),
        "pools": log.workers(span),
        "slip_ms_p99": slip,
    }


def _latencies(window: WindowStats, measure: str) -> JSON:
    return {key: quantiles(getattr(tally, measure)) for key, tally in window.by_key.items()}
