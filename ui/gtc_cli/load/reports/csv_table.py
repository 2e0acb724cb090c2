"""The report as CSV: one row a statistics key, for spreadsheets and diffs."""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from gtc_cli.load.reports.figures import JSON
from gtc_cli.load.words import KEYS
from gtc_runtime.load.figures.stats import COUNTED, LATENCIES, LENGTHS

_COUNTS: Final = ("due", "ok", "good", "shed", *COUNTED)
_RATES: Final = ("sent_rps", "goodput_rps", "goodput_share", "output_tokens")
_THROUGHPUTS: Final = ("requests_per_s", "output_tokens_per_s", "total_tokens_per_s")
_WINDOWS: Final = ("window", "with_drain")
_LENGTH_MEASURES: Final = ("mean", "p50", "p90", "p95", "p99")
_MEASURES: Final = ("n", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms")


def csv_table(document: JSON) -> str:
    """Header and rows; a figure without data is an empty cell."""
    failures = sorted({name for each in document["figures"].values() for name in each["failed"]})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            "key", *_COUNTS, "failed", *(f"failed_{name}" for name in failures), *_RATES,
            *(f"{latency}_{measure}" for latency in LATENCIES for measure in _MEASURES),
            *(f"{window}_{name}" for window in _WINDOWS for name in _THROUGHPUTS),
            *(f"{length}_{measure}" for length in LENGTHS for measure in _LENGTH_MEASURES),
            "client_light", "stamp_source",
        ]
    )  # fmt: skip
    for key in (key for key in KEYS if key in document["figures"]):
        writer.writerow(_row(key, document, failures))
    return out.getvalue()


def _row(key: str, document: JSON, failures: list[str]) -> list[Any]:
    figures, quality = document["figures"][key], document["quality"]
    return [
        key,
        *(figures[name] for name in _COUNTS),
        sum(figures["failed"].values()),
        *(figures["failed"].get(name, 0) for name in failures),
        *(figures[name] for name in _RATES),
        *(figures["latency"][latency][each] for latency in LATENCIES for each in _MEASURES),
        *(figures["throughput"][window][name] for window in _WINDOWS for name in _THROUGHPUTS),
        *(figures["lengths"][length][each] for length in LENGTHS for each in _LENGTH_MEASURES),
        quality["light"],
        quality["stamp_source"],
    ]
