"""The report of a run as plain JSON; every other form of it is made from this one.

The schema is documented in docs/load.md. A figure without samples is null, never 0.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gtc_cli.load import words
from gtc_cli.load.reports.figures import buckets, check, figures, quantile_ms
from gtc_cli.load.run import Run
from gtc_runtime.load.asking.endpoint import shown
from gtc_runtime.load.figures.stats import LATENCIES, Tally
from gtc_runtime.load.prompts.chosen import PromptFile
from gtc_spec import versions

JSON = dict[str, Any]

SCHEMA: Final = "gtc-load-report/1"
WINDOWS_MAX: Final = 20
"""Pieces of a run that are kept for comparing it with another."""
POINTS_MAX: Final = 300
"""The course of a run has at most this many points; longer runs have longer steps."""


def document(run: Run) -> JSON:
    """The report of a run that is over."""
    totals = run.figures()
    return {
        "schema": SCHEMA,
        "run": _run(run, totals["all"]),
        "client": _client(run),
        "check": check(totals["all"]),
        "quality": _quality(run),
        "figures": figures(run),
        "windows": _windows(run),
        "course": _course(run, totals),
        "histograms": {
            key: {name: buckets(getattr(tally, name)) for name in LATENCIES}
            for key, tally in totals.items()
        },
    }


def token_counts(tally: Tally) -> str | None:
    """Who counted the tokens: ``usage`` of the server, we by ``chunks``, or ``mixed``."""
    if not tally.counted:
        return None
    if tally.counted_by_usage == tally.counted:
        return "usage"
    return "mixed" if tally.counted_by_usage else "chunks"


def itl_basis(tally: Tally) -> str | None:
    """``token`` when it is known of every request how many tokens each arrival brought."""
    if not tally.counted:
        return None
    return "token" if tally.counted_by_token == tally.counted else "frame"


def _run(run: Run, whole: Tally) -> JSON:
    plan, settings = run.plan, run.plan.settings
    target = run.target
    return {
        "url": shown(settings.url),
        "model": settings.model,
        "started": run.started.isoformat(timespec="milliseconds"),
        "ended": (run.started + timedelta(seconds=_whole_s(run))).isoformat(
            timespec="milliseconds"
        ),
        "reported": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "wall_minus_monotonic_s": round(run.wall_minus_monotonic_s, 6),
        "duration_s": plan.duration_s if math.isfinite(plan.duration_s) else None,
        "warmup_s": plan.warmup_s,
        "load": words.demand(plan.demand),
        "demand": plan.demand.model_dump(mode="json"),
        "prompts": _prompts(run),
        "length_s": round(run.measured_length_s, 3),
        "interrupted": run.interrupted,
        "problem": run.problem,
        "offered_rps": plan.offered_rps,
        "mix": None if (mix := getattr(plan.demand, "mix", None)) is None else str(mix),
        "pacing": getattr(plan.demand, "pacing", None),
        "seed": settings.seed,
        "shards": settings.shards,
        "slo": None if settings.slo is None else settings.slo.model_dump(),
        "token_counts": token_counts(whole),
        "itl_basis": itl_basis(whole),
        "exact_lengths": None if target is None else target.dialect.ignore_eos,
        "dialect": None if target is None else target.dialect.model_dump(),
        "notice": "" if target is None else target.notice,
        "shapes": settings.shapes.model_dump(),
        "limits": settings.limits.model_dump(),
        "timeouts": settings.timeouts.model_dump(),
    }


def _prompts(run: Run) -> JSON | None:
    """What was asked in place of the workloads, and whether lengths are counted ones."""
    if run.own is None:
        return None
    told = run.own.model_dump(mode="json", exclude={"wording"})
    wording = None if isinstance(run.own, PromptFile) else run.own.wording
    return told | {"exact_prompt_lengths": None if wording is None else wording.exact}


def _whole_s(run: Run) -> float:
    """From the start of the command to the newest snapshot."""
    if run.newest is None:
        return 0.0
    return max(0.0, run.newest.at_s + run.wall_minus_monotonic_s - run.started.timestamp())


def _client(run: Run) -> JSON:
    """What the load ran on: it belongs to every figure."""
    return {
        "gtc": versions.GTC,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "core": run.worst_quality().core,
        "load_average_1m": _load_average(),
    }


def _load_average() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def _quality(run: Run) -> JSON:
    worst = run.worst_quality()
    return {
        "light": worst.light,
        "reason": worst.reason,
        "trust": worst.light != "red",
        "stamp_source": worst.stamp_source,
        "stamp_reason": worst.stamp_reason,
        "light_shares": {light: round(share, 4) for light, share in run.light_shares().items()},
        "schedule_error_p99_ms": worst.schedule_error_p99_ms,
        "slip_p99_ms": worst.slip_p99_ms,
        "reader_stall_p99_ms": worst.reader_stall_p99_ms,
        "coalesced_share": worst.coalesced_share,
        "cpu_share": worst.cpu_share,
    }


def _windows(run: Run) -> list[JSON]:
    """The measured load in equal pieces with their distributions, for comparing two runs."""
    whole = run.window()
    if whole is None:
        return []
    step_s = max(1, math.ceil(whole.length_s / WINDOWS_MAX))
    begins = range(int(whole.start_s), int(whole.end_s) - step_s + 1, step_s)
    return [_piece(run.book.window(at_s, at_s + step_s)["all"], step_s) for at_s in begins]


def _piece(tally: Tally, length_s: int) -> JSON:
    counts = {name: getattr(tally, name) for name in ("due", "ok", "good", "shed", "answers")}
    return {
        "length_s": length_s,
        **counts,
        "failed": tally.failed_total,
        "tokens": tally.tokens,
        **{name: buckets(getattr(tally, name)) for name in ("ttft", "itl", "tpot", "e2e")},
    }


def _course(run: Run, keys: Iterable[str]) -> list[JSON]:
    """The run in equal steps: outcomes of what was due in each, latencies of what arrived."""
    if run.began_s is None:
        return []
    begin_s = int(run.began_s)
    end_s = math.ceil(run.newest.at_s) if run.newest is not None else begin_s
    step_s = max(1, math.ceil((end_s - begin_s) / POINTS_MAX))
    return [
        {"at_s": at_s - begin_s, "step_s": step_s}
        | _point(run.book.window(at_s, at_s + step_s).by_key, keys)
        for at_s in range(begin_s, end_s, step_s)
    ]


def _point(seen: Mapping[str, Tally], keys: Iterable[str]) -> JSON:
    """Figures of one step for all keys of the run."""
    return {
        key: {
            "due": tally.due,
            "ok": tally.ok,
            "good": tally.good,
            "failed": tally.failed_total,
            "shed": tally.shed,
            "tokens": tally.tokens,
            "ttft_p50_ms": quantile_ms(tally.ttft, 0.5),
            "ttft_p95_ms": quantile_ms(tally.ttft, 0.95),
            "itl_p50_ms": quantile_ms(tally.itl, 0.5),
            "itl_p95_ms": quantile_ms(tally.itl, 0.95),
        }
        for key in keys
        for tally in (seen.get(key) or Tally(),)
    }
