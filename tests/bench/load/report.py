"""Rows and verdicts as a table for people (Markdown) and as data (JSON)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.load.gates import Verdict
from tests.bench.load.measured import FOREIGN_MAX, LATE_MAX_MS, Row

COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "firehose": (
        ("chunks_per_s", "chunks/s"),
        ("cpu_ms_per_1000", "CPU ms per 1,000, steady"),
        ("cpu_ms_per_1000_all", "start-up included"),
        ("pss_mb", "memory MB"),
        ("processes", "processes"),
        ("start_s", "start to first request s"),
    ),
    "paced": (
        ("chunks_per_s", "chunks/s"),
        ("delivered", "delivered"),
        ("cpu_ms_per_1000", "CPU ms per 1,000, steady"),
        ("cpu_ms_per_1000_all", "start-up included"),
        ("ttft_error_p50_ms", "TTFT error p50 ms"),
        ("ttft_error_p99_ms", "p99"),
        ("stamp_error_p50_ms", "stamp error p50 ms"),
        ("stamp_error_p99_ms", "p99"),
        ("pss_mb", "PSS MB"),
        ("rss_mb", "RSS MB"),
        ("start_s", "start s"),
    ),
    "rate": (
        ("rps", "rps"),
        ("schedule_error_p50_ms", "schedule error p50 ms"),
        ("schedule_error_p99_ms", "p99"),
        ("ttft_error_p99_ms", "TTFT error p99 ms"),
        ("start_s", "start s"),
    ),
    "command": (
        ("start_s", "start to first request s"),
        ("probe_s", "to its probe s"),
        ("cpu_s", "CPU s, a second of load included"),
    ),
    "long": (
        ("chunks_per_s", "chunks/s"),
        ("cpu_ms_per_1000", "CPU ms per 1,000"),
        ("rss_warm_mb", "RSS MB, warm"),
        ("rss_growth", "growth after 10^6 chunks"),
    ),
}
TITLES = {
    "firehose": "As fast as it goes: 64 streams of 200 chunks",
    "paced": "Paced streams: TTFT 200 ms, ITL 20 ms, 100 tokens",
    "rate": "Constant rates: TTFT 50 ms, ITL 10 ms, 20 tokens",
    "command": "From the shell",
    "long": "A long run",
}


@dataclass(frozen=True)
class Report:
    """One run of the benchmark.

    Attributes:
        date: Day of the run.
        machine: What it ran on.
        minutes: How long it took.
        rows: Those used, whether they count or not.
        rejected: Rows that were taken again.
        verdicts: One for each gate.
    """

    date: str
    machine: dict[str, object]
    minutes: float
    rows: Sequence[Row]
    rejected: Sequence[Row]
    verdicts: Sequence[Verdict]

    def write(self, folder: Path) -> list[Path]:
        """Write `load-<date>.json` and `.md`; returns them."""
        folder.mkdir(parents=True, exist_ok=True)
        data, page = (folder / f"load-{self.date}.{kind}" for kind in ("json", "md"))
        data.write_text(json.dumps(self.to_json(), indent=1) + "\n")
        page.write_text(self.to_markdown())
        return [data, page]

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is not a number is null."""
        verdicts = [
            {
                "gate": each.name,
                "value": each.value,
                "limit": each.limit,
                "at_most": each.at_most,
                "unit": each.unit,
                "passed": each.passed,
            }
            for each in self.verdicts
        ]
        plain: dict[str, Any] = _plain(
            {
                "date": self.date,
                "machine": self.machine,
                "minutes": self.minutes,
                "verdicts": verdicts,
                "rows": [row.to_json() for row in self.rows],
                "rejected": [row.to_json() for row in self.rejected],
            }
        )
        return plain

    def to_markdown(self) -> str:
        """The page for people."""
        passed = sum(each.passed for each in self.verdicts)
        machine = self.machine
        parts = [
            f"# Load engine benchmark, {self.date}",
            f"{machine['cores']} cores of {machine['cpu']}, Linux {machine['kernel']}, "
            f"Python {machine['python']}; {self.minutes:.0f} minutes. Written by "
            "`make bench-load`; `tests/bench/load/README.md` says how it measures.",
            f"**{passed} of {len(self.verdicts)} gates passed.**",
            verdict_table(self.verdicts),
            *(self._section(kind) for kind in COLUMNS),
            self._conditions(),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _section(self, kind: str) -> str:
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            if row.case.split(" ")[0] == kind and not row.conditions.trouble:
                groups.setdefault((row.case, row.client), []).append(row)
        columns = [
            (name, title)
            for name, title in COLUMNS[kind]
            if any(_spread(rows, name) for rows in groups.values())
        ]
        if not groups:
            return ""
        lines = [
            ["case", "client", *(title for _, title in columns)],
            *(
                [case, _with_note(client, rows), *(_spread(rows, name) for name, _ in columns)]
                for (case, client), rows in sorted(groups.items(), key=_by_case)
            ),
        ]
        return f"## {TITLES[kind]}\n\n{_table(lines)}"

    def _conditions(self) -> str:
        bad = [row for row in self.rows if row.conditions.trouble]
        lines = [
            "## Conditions",
            "Medians, [least-most] where a row was repeated. A row does not count when others "
            f"took more than {FOREIGN_MAX:.0%} of the client's core or the server was more than "
            f"{LATE_MAX_MS:g} ms late (p99). {len(self.rejected)} rows were taken again for "
            f"that; {len(bad)} did not become better and are left out.",
        ]
        lines += [f"- {row.case}, {row.client}: {row.conditions.trouble}" for row in bad]
        return "\n".join([*lines[:1], "", *lines[1:]])


def verdict_table(verdicts: Iterable[Verdict]) -> str:
    """One line for each gate."""
    lines = [["gate", "measured", "asked for", "verdict"]]
    for each in verdicts:
        sign = "<=" if each.at_most else ">="
        verdict = "passed" if each.passed else "FAILED" if each.judged else "not judged"
        lines.append(
            [
                each.name,
                f"{_number(each.value)} {each.unit}",
                f"{sign} {_number(each.limit)} {each.unit}",
                verdict,
            ]
        )
    return _table(lines)


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *body = ("| " + " | ".join(line) + " |" for line in lines)
    return "\n".join([head, "|" + "---|" * len(lines[0]), *body])


def _by_case(item: tuple[tuple[str, str], list[Row]]) -> tuple[str, float, str, str]:
    (case, client), _ = item
    words = case.split(" ")
    number = float(words[1]) if len(words) > 1 and words[1].isdigit() else 0.0
    return words[0], number, " ".join(words[2:]), client


def _with_note(client: str, rows: Sequence[Row]) -> str:
    notes = ", ".join(sorted({row.note for row in rows if row.note}))
    return f"{client} ({notes})" if notes else client


def _spread(rows: Sequence[Row], name: str) -> str:
    """Median and, of several rows, least and most; empty when no row has the figure."""
    values = [value for row in rows if math.isfinite(value := row.figures.get(name, math.nan))]
    if not values:
        return ""
    middle = _number(float(np.median(values)))
    if len(values) == 1:
        return middle
    return f"{middle} [{_number(min(values))}-{_number(max(values))}]"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "no figure"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
