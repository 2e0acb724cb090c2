"""Shows of the rehearsal that are on record: what was seen, and every request that was sent.

Played again, the twin stands beside them with no draw of documents between the two. ``python -m
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
DRAWS: Final = 9
DIGITS: Final = 4
"""After the point, of seconds."""


def keep(report: Mapping[str, Any], trace: Iterable[Recorded]) -> None:
    """Put a show in the place of the one that is on record for its environment."""
    phases = [
        {key: phase[key] for key in ("name", "ttft_ms", "itl_ms")} for phase in report["phases"]
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
    _file(report["env"]).write_text(text, encoding="utf-8")


@cache
def rows(env: str) -> list[Row]:
    """Every figure of the show on record that rests on enough requests, beside the twin's."""
    show = _load(env)
    trace = [Recorded(*row) for row in show["requests"]]
    return list(compared(show["phases"], play(env, 1.0, trace, DRAWS)))


def seen(env: str) -> str:
    """The day of the show on record."""
    return str(_load(env)["seen"])


def by_phase(env: str) -> Iterator[tuple[str, dict[str, Row]]]:
    """The figures of all requests of each phase, by what they are."""
    phases: dict[str, dict[str, Row]] = {}
    for row in rows(env):
        if row.which.startswith("all "):
            phases.setdefault(row.phase, {})[f"{row.measure} {row.which[4:]}"] = row
    yield from phases.items()


def _load(env: str) -> JSON:
    return dict(json.loads(_file(env).read_text(encoding="utf-8")))


def _file(env: str) -> Path:
    return Path(__file__).with_name(f"show-{env}.json")


if __name__ == "__main__":
    keep(*read_show(*map(Path, sys.argv[1:])))
