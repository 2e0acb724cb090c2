"""Shows of the rehearsal that are on record: what was seen, and every request that was sent.

Played again, the twin stands beside them with no draw of documents between the two. A figure of one
show is one draw still: which short prompt waits behind a document hangs on milliseconds. Where an
environment has several shows on record, the one in the middle speaks. ``python -m
tools.fidelity.shows REPORT LOGS`` puts another show on record, see `rehearsal`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import Any, Final

from gtc_runtime.planning.trace import Recorded
from tools.fidelity.rehearsal import Row, compared, play, read_show

JSON = dict[str, Any]
ENVIRONMENTS: Final = ("prod", "dev")
_RECORDS: Final = Path(__file__).parent
DRAWS: Final = 9
DIGITS: Final = 4
"""After the point, of seconds."""


def keep(report: Mapping[str, Any], trace: Iterable[Recorded]) -> None:
    """Put one more show of its environment on record."""
    phases = [
        {key: phase[key] for key in ("name", "length_s", "ttft_ms", "itl_ms")}
        for phase in report["phases"]
    ]
    talks: dict[str, str] = {"": ""}
    rows = []
    for each in trace:
        talk = talks.setdefault(each.conversation, str(len(talks)))
        values = (*astuple(each)[:4], talk, *astuple(each)[5:])
        rows.append(
            [round(value, DIGITS) if isinstance(value, float) else value for value in values]
        )
    requests = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    head = {"seen": report["started"][:10], "phases": phases}
    text = f'{json.dumps(head)[:-1]}, "requests": [\n{requests}\n]}}\n'
    number = len(_files(report["env"])) + 1
    path = _RECORDS / f"show-{report['env']}-{number}.json"
    path.write_text(text, encoding="utf-8")


def recorded(env: str) -> Iterator[tuple[list[JSON], list[Recorded]]]:
    """The phases of each show on record, and the requests that it sent."""
    for path in _files(env):
        show = json.loads(path.read_text(encoding="utf-8"))
        yield show["phases"], [Recorded(*row) for row in show["requests"]]


@cache
def rows(env: str) -> list[Row]:
    """Every figure that rests on enough requests in each show on record, beside the twin's.

    Of several shows the one in the middle, by how far the twin is away in this figure.
    """
    shows = [
        {_name(row): row for row in compared(phases, play(env, 1.0, trace, phases, DRAWS))}
        for phases, trace in recorded(env)
    ]
    return [
        sorted((show[name] for show in shows), key=lambda row: abs(row.difference))[len(shows) // 2]
        for name in shows[0]
        if all(name in show for show in shows)
    ]


def by_phase(env: str) -> Iterator[tuple[str, dict[str, Row]]]:
    """The figures of all requests of each phase, by what they are."""
    phases: dict[str, dict[str, Row]] = {}
    for row in rows(env):
        if row.which.startswith("all "):
            phases.setdefault(row.phase, {})[f"{row.measure} {row.which[4:]}"] = row
    yield from phases.items()


def _name(row: Row) -> tuple[str, str, str]:
    return row.phase, row.measure, row.which


def _files(env: str) -> list[Path]:
    return sorted(_RECORDS.glob(f"show-{env}-*.json"))


if __name__ == "__main__":
    keep(*read_show(*map(Path, sys.argv[1:])))
