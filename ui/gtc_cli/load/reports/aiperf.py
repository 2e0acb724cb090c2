"""A run in the form that AIPerf 0.13 exports, so that its figures can be put side by side.

Names, units and layout are AIPerf's, and so are the definitions behind them: its inter-token
latency is the mean of a request (our TPOT), its percentiles are over requests and interpolate.
Shed requests were never sent and do not appear.
"""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from typing import Any, Final

JSON = dict[str, Any]

SUMMARY_FILE: Final = "profile_export_aiperf.json"
RECORDS_FILE: Final = "profile_export.jsonl"
SCHEMA_VERSION: Final = "1.4"
_PERCENTS: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)
_UNITS: Final = {
    "time_to_first_token": "ms",
    "request_latency": "ms",
    "inter_token_latency": "ms",
    "output_token_throughput_per_user": "tokens/sec/user",
    "output_sequence_length": "tokens",
    "input_sequence_length": "tokens",
}


def summary(document: JSON, requests: list[JSON]) -> str:
    """The file of statistics over requests."""
    sent = [each for each in requests if each["send_s"] is not None]
    good = [each for each in sent if each["outcome"] == "ok"]
    measured = [_metrics(each) for each in good]
    run = document["run"]
    out: JSON = {"schema_version": SCHEMA_VERSION}
    for name, unit in _UNITS.items():
        values = [metrics[name] for metrics in measured if name in metrics]
        if values:
            out[name] = {"unit": unit} | _statistics(values)
    out |= _totals(document, sent, good)
    out |= {
        "was_cancelled": run["interrupted"],
        "is_complete": not run["problem"],
        "incomplete_reason": run["problem"] or None,
        "error_summary": _errors(sent),
        "start_time": run["started"],
        "end_time": run["ended"],
        "run_info": {"random_seed": run["seed"]},
    }
    return json.dumps(out, indent=2) + "\n"


def records(document: JSON, requests: list[JSON]) -> str:
    """The file of single requests, one a line, in the order in which they were due."""
    offset_s = document["run"]["wall_minus_monotonic_s"]
    sent = [each for each in requests if each["send_s"] is not None]
    return "".join(json.dumps(_record(n, each, offset_s)) + "\n" for n, each in enumerate(sent))


def _metrics(request: JSON) -> dict[str, float]:
    """What AIPerf measures of one request that ended well."""
    found: dict[str, float] = {"input_sequence_length": request["prompt_tokens"]}
    if request["first_s"] is None or request["last_s"] is None:
        return found
    tokens = request["tokens"]
    found["time_to_first_token"] = (request["first_s"] - request["send_s"]) * 1000
    found["request_latency"] = (request["last_s"] - request["send_s"]) * 1000
    found["output_sequence_length"] = tokens
    if tokens > 1 and request["last_s"] > request["first_s"]:
        mean_ms = (request["last_s"] - request["first_s"]) * 1000 / (tokens - 1)
        found["inter_token_latency"] = mean_ms
        found["output_token_throughput_per_user"] = 1000 / mean_ms
    return found


def _statistics(values: list[float]) -> JSON:
    ordered = sorted(values)
    return {
        "avg": statistics.fmean(values),
        **{f"p{percent}": _percentile(ordered, percent) for percent in _PERCENTS},
        "min": ordered[0],
        "max": ordered[-1],
        "std": statistics.pstdev(values),
        "count": len(values),
        "sum": math.fsum(values),
    }


def _percentile(ordered: list[float], percent: float) -> float:
    """Linear interpolation between the two nearest ranks."""
    at = (len(ordered) - 1) * percent / 100
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def _totals(document: JSON, sent: list[JSON], good: list[JSON]) -> JSON:
    figures = document["figures"]["all"]
    length_s = figures["throughput"]["with_drain"]["length_s"]

    def rate(count: float) -> float | None:
        return count / length_s if length_s > 0 else None

    tokens = sum(each["tokens"] for each in good)
    totals: dict[str, tuple[str, float | None]] = {
        "request_count": ("requests", len(good)),
        "error_request_count": ("requests", len(sent) - len(good)),
        "good_request_count": ("requests", figures["good"]),
        "request_throughput": ("requests/sec", rate(len(good))),
        "goodput": ("requests/sec", rate(figures["good"])),
        "output_token_throughput": ("tokens/sec", rate(tokens)),
        "total_osl": ("tokens", tokens),
        "total_isl": ("tokens", sum(each["prompt_tokens"] for each in good)),
        "benchmark_duration": ("sec", length_s),
    }
    return {name: {"unit": unit, "avg": value} for name, (unit, value) in totals.items()}


def _errors(sent: list[JSON]) -> list[JSON]:
    counted = Counter((each["outcome"], each["detail"]) for each in sent if each["outcome"] != "ok")
    return [
        {"error_details": {"type": kind, "message": message or kind}, "count": count}
        for (kind, message), count in counted.most_common()
    ]


def _record(number: int, request: JSON, offset_s: float) -> JSON:
    def ns(at_s: float | None) -> int | None:
        return None if at_s is None else round((at_s + offset_s) * 1e9)

    failed = request["outcome"] != "ok"
    end_s = request["last_s"] if request["last_s"] is not None else request["send_s"]
    error = {"type": request["outcome"], "message": request["detail"] or request["outcome"]}
    metrics = {} if failed else _metrics(request)
    return {
        "metadata": {
            "session_num": number,
            "conversation_id": request.get("conversation") or None,
            "turn_index": request["turn"] - 1,
            "credit_issued_ns": ns(request["due_s"]),
            "request_start_ns": ns(request["send_s"]),
            "request_ack_ns": None,
            "request_end_ns": ns(end_s),
            "worker_id": request["key"],
            "record_processor_id": "gtc",
            "benchmark_phase": "profiling",
            "was_cancelled": request["outcome"] == "cancelled",
            "cancellation_time_ns": None,
        },
        "metrics": {
            name: {"value": value, "unit": _UNITS[name]} for name, value in metrics.items()
        },
        "error": error if failed else None,
    }
