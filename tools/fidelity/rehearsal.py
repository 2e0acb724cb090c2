"""The twin beside a rehearsal: the same requests, phase by phase.

``python -m tools.fidelity.rehearsal REPORT LOGS`` reads the report of a ``gtc rehearse --headless
--auto --once --report REPORT`` that ran with ``GTC_REQUEST_LOG=LOGS``; ``make
twin-beside-rehearsal`` does both. ``--time-scale`` is that of the rehearsal.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gtc_runtime.formats import latency
from gtc_runtime.load.figures import request_log
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.planning.trace import Recorded, read
from gtc_spec import environment
from gtc_spec.errors import GtcError

JSON = dict[str, Any]
LIMITS = {"ttft_ms": 0.20, "itl_ms": 0.10}
"""How far the twin may be from the rehearsal, a share."""
FIGURES = (("ttft_ms", "p50"), ("ttft_ms", "p95"), ("itl_ms", "p50"))
SAMPLES_MIN = 10
"""A percentile of fewer requests is one request."""


def main(argv: list[str]) -> int:
    """Print the table; 1 when a figure is further away than is promised."""
    parser = argparse.ArgumentParser(prog="twin-beside-rehearsal", description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("logs", type=Path)
    parser.add_argument("--time-scale", type=float, default=1.0)
    asked = parser.parse_args(argv)
    try:
        seen = json.loads(asked.report.read_text(encoding="utf-8"))
        found = [
            line
            for path in sorted(asked.logs.glob("requests-*.ndjson"))
            if not path.name.endswith(".1.ndjson")
            for line in request_log.read(path)
        ]
        twin = play(seen["env"], asked.time_scale, read(found))
    except (OSError, ValueError, KeyError, GtcError) as error:
        print(f"twin-beside-rehearsal: {error}")
        return 2
    rows = list(compared(seen["phases"], twin))
    print(table(rows))
    return 0 if rows and all(row.near for row in rows) else 1


def play(name: str, time_scale: float, trace: list[Recorded]) -> list[JSON]:
    """The phases of the twin, with the requests of the rehearsal."""
    played = environment.load(name).scaled(time_scale)
    first_due_s = 1 / played.timeline.segments[0].rps  # the first gap of the schedule, on average
    shifted = [replace(each, due_s=each.due_s + first_due_s) for each in trace]
    return Simulation(played, Hardware.of_rehearsal(played), 1, trace=shifted).run()


@dataclass(frozen=True)
class Row:
    """One figure of one phase, milliseconds.

    Attributes:
        phase: Its name.
        measure, which: What it is, and of whom.
        seen, twin: In the rehearsal and in the twin.
    """

    phase: str
    measure: str
    which: str
    seen: float
    twin: float

    @property
    def difference(self) -> float:
        """How far the twin is away, a share of what was seen."""
        return self.twin / self.seen - 1

    @property
    def near(self) -> bool:
        """Whether that is as near as is promised."""
        return abs(self.difference) <= LIMITS[self.measure]


def compared(seen: list[JSON], twin: list[JSON]) -> Iterator[Row]:
    """Every figure of every phase that rests on enough requests."""
    for run, told in zip(seen, twin, strict=True):
        for measure, quantile in FIGURES:
            keys = ("all",) if measure == "itl_ms" else run[measure]
            for key in keys:
                ours, theirs = told[measure][key], run[measure][key]
                if key == "chat" or min(ours["n"], theirs["n"]) < SAMPLES_MIN:
                    continue
                which = f"{key} {quantile}"
                yield Row(run["name"], measure, which, theirs[quantile], ours[quantile])


def table(rows: list[Row]) -> str:
    """Markdown: one row a figure."""
    heads = ("phase", "figure", "rehearsal", "twin", "difference", "near enough")
    lines = [heads, ("---",) * len(heads)]
    for row in rows:
        figure = f"{row.measure.removesuffix('_ms').upper()} {row.which}"
        values = latency(row.seen), latency(row.twin), f"{row.difference:+.0%}".replace("%", " %")
        lines.append((row.phase, figure, *values, "yes" if row.near else "**no**"))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
