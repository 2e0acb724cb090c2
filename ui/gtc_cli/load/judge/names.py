"""The names under which figures of a report can be asked for, and where they stand in it.

A name is that of the whole run; ``chat_turn2plus.ttft_p95`` is that of one statistics key. Times
are seconds, shares 0..1, whatever the unit in the report is.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from gtc_runtime.load.figures.stats import LATENCIES, LENGTHS
from gtc_runtime.load.records import OWN_KEYS, STAT_KEYS
from gtc_spec.errors import UsageError

JSON = Mapping[str, Any]
Unit = Literal["s", "share", "per_s", "tokens", "requests"]

STATISTICS: Final = ("mean", "p50", "p90", "p95", "p99")


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: What it is called.
        unit: What it is counted in.
        better: Which way is better for the server; None for what says nothing about it.
        read: Takes it out of the figures of a key; None without data.
    """

    name: str
    unit: Unit
    better: Literal["less", "more"] | None
    read: Callable[[JSON], float | None]


@dataclass(frozen=True)
class Named:
    """A figure of a statistics key."""

    key: str
    figure: Figure

    def __str__(self) -> str:
        return self.figure.name if self.key == "all" else f"{self.key}.{self.figure.name}"

    def of(self, document: JSON) -> float | None:
        """Its value in a report; None without data."""
        figures = document["figures"].get(self.key)
        return None if figures is None else self.figure.read(figures)


def named(text: str) -> Named:
    """The figure that is called so.

    Raises:
        UsageError: There is none; the allowed names are listed.
    """
    key, dot, name = text.rpartition(".")
    if dot and key not in (allowed := (*STAT_KEYS, *OWN_KEYS)):
        raise UsageError(f"no statistics of {key!r}, allowed: {', '.join(allowed)}")
    if name not in FIGURES:
        close = difflib.get_close_matches(name, FIGURES, n=1)
        hint = f"did you mean {close[0]}?" if close else "docs/load.md defines them"
        raise UsageError(f"no figure is called {name!r}, allowed: {_listed()}", hint)
    return Named(key if dot else "all", FIGURES[name])


def _listed() -> str:
    """All names, those of latencies and lengths as a pattern."""
    patterns = (f"{{{','.join(each)}}}_{{{','.join(STATISTICS)}}}" for each in (LATENCIES, LENGTHS))
    return ", ".join((*(each.name for each in _COUNTED), *patterns))


def _latency(latency: str, statistic: str) -> Figure:
    def read(figures: JSON) -> float | None:
        value_ms = figures["latency"][latency][f"{statistic}_ms"]
        return None if value_ms is None else float(value_ms) / 1000

    return Figure(f"{latency}_{statistic}", "s", None if latency == "slip" else "less", read)


def _length(length: str, statistic: str) -> Figure:
    return Figure(
        f"{length}_{statistic}", "tokens", None, lambda each: each["lengths"][length][statistic]
    )


def _throughput(name: str, field: str, span: str) -> Figure:
    return Figure(name, "per_s", "more", lambda each: each["throughput"][span][field])


def _failed_share(figures: JSON) -> float | None:
    failed = sum(figures["failed"].values())
    ended = figures["ok"] + failed + figures["shed"]
    return failed / ended if ended else None


_THROUGHPUTS: Final = (
    ("request_throughput", "requests_per_s"),
    ("output_token_throughput", "output_tokens_per_s"),
    ("total_token_throughput", "total_tokens_per_s"),
)
_COUNTED: Final = (
    Figure("goodput", "share", "more", lambda each: each["goodput_share"]),
    Figure("goodput_rps", "per_s", "more", lambda each: each["goodput_rps"]),
    *(_throughput(name, field, "window") for name, field in _THROUGHPUTS),
    *(_throughput(f"{name}_with_drain", field, "with_drain") for name, field in _THROUGHPUTS),
    Figure("sent_rps", "per_s", None, lambda each: each["sent_rps"]),
    Figure("failed_share", "share", "less", _failed_share),
    Figure("failed", "requests", "less", lambda each: sum(each["failed"].values())),
    Figure("shed", "requests", None, lambda each: each["shed"]),
    Figure("ok", "requests", None, lambda each: each["ok"]),
    Figure("due", "requests", None, lambda each: each["due"]),
    Figure("output_tokens", "tokens", None, lambda each: each["output_tokens"]),
)

FIGURES: Final[dict[str, Figure]] = {
    figure.name: figure
    for figure in (
        *_COUNTED,
        *(_latency(latency, each) for latency in LATENCIES for each in STATISTICS),
        *(_length(length, each) for length in LENGTHS for each in STATISTICS),
    )
}
"""Every figure by its name."""
