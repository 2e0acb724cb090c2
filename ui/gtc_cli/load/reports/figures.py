"""The figures of a run as plain JSON: counts, rates, latencies and lengths of each key.

What each of them means is in docs/glossary.md. A figure without samples is null, never 0.
"""

from __future__ import annotations

from typing import Any, Final

from gtc_cli.load.run import Run
from gtc_runtime.load.figures.histogram import FLOOR_S, GROWTH, Histogram, Lengths
from gtc_runtime.load.figures.stats import COUNTED, LATENCIES, LENGTHS, Tally

JSON = dict[str, Any]

QUANTILES: Final = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99))


def figures(run: Run) -> JSON:
    """All figures of a run that is over, by key."""
    window, drained_s = run.window(), _drained_s(run)
    return {
        key: _counts(tally, run.measured_length_s)
        | {
            "throughput": {
                "window": throughput(window[key], window.length_s) if window else throughput(),
                "with_drain": throughput(tally, drained_s),
            },
            "latency": {name: latency(getattr(tally, name)) for name in LATENCIES},
            "lengths": {name: lengths(getattr(tally, name)) for name in LENGTHS},
        }
        for key, tally in run.figures().items()
    }


def check(total: Tally) -> JSON:
    """The sum that every report must satisfy: due = ok + failed + shed."""
    failed = total.failed_total
    return {
        "due": total.due,
        "ok": total.ok,
        "failed": failed,
        "shed": total.shed,
        "holds": total.due == total.ok + failed + total.shed,
    }


def latency(histogram: Histogram) -> JSON:
    """Samples, mean and quantiles in milliseconds."""
    n = histogram.n
    found: JSON = {"n": n, "mean_ms": round(histogram.sum_s / n * 1000, 3) if n else None}
    return found | {f"{name}_ms": quantile_ms(histogram, q) for name, q in QUANTILES}


def lengths(counted: Lengths) -> JSON:
    """How many, their mean and their quantiles, in tokens."""
    mean = counted.mean
    return {"n": counted.n, "mean": None if mean is None else round(mean, 2)} | {
        name: counted.ranked(q) for name, q in QUANTILES
    }


def throughput(tally: Tally | None = None, length_s: float = 0.0) -> JSON:
    """Answers and tokens a second; rates over no time are null.

    Args:
        tally: Of which the answers that ended well, their prompts and all output count.
        length_s: Seconds that they took.
    """
    tally = tally or Tally()
    return {
        "length_s": round(length_s, 3),
        "requests_per_s": _rate(tally.answers, length_s),
        "output_tokens_per_s": _rate(tally.tokens, length_s),
        "total_tokens_per_s": _rate(tally.answer_prompt_tokens + tally.tokens, length_s),
    }


def buckets(histogram: Histogram) -> list[list[float]]:
    """``[upper bound in seconds, count]`` of each bucket that holds something, ascending."""
    return [
        [float(f"{FLOOR_S * GROWTH ** (index + 1):.6g}"), histogram.buckets[index]]
        for index in sorted(histogram.buckets)
    ]


def quantile_ms(histogram: Histogram, q: float) -> float | None:
    """A quantile in milliseconds; None without samples."""
    value_s = histogram.quantile(q)
    return None if value_s is None else round(value_s * 1000, 3)


def _drained_s(run: Run) -> float:
    """From the beginning of the measuring to the last output of an answer that ended well."""
    if run.measured_from_s is None or run.newest is None:
        return 0.0
    return max(0.0, run.newest.gauges.last_output_s - run.measured_from_s)


def _counts(tally: Tally, length_s: float) -> JSON:
    share = tally.good_share
    return {
        "due": tally.due,
        "ok": tally.ok,
        "good": tally.good,
        "failed": dict(sorted(tally.failed.items())),
        "shed": tally.shed,
        "sent_rps": _rate(tally.due - tally.shed, length_s),
        "goodput_rps": _rate(tally.good, length_s),
        "goodput_share": None if share is None else round(share, 4),
        "output_tokens": tally.tokens,
        **{name: getattr(tally, name) for name in COUNTED},
    }


def _rate(count: int, length_s: float) -> float | None:
    return round(count / length_s, 3) if length_s > 0 else None
