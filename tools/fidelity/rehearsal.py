"""The twin beside a rehearsal: the same requests, phase by phase.

``python -m tools.fidelity.rehearsal REPORT LOGS`` reads the report of a ``gtc rehearse --headless
--auto --once --report REPORT`` that ran with ``GTC_REQUEST_LOG=LOGS``; ``make
twin-beside-rehearsal`` does both. ``--time-scale`` is that of the rehearsal.
"""

from __future__ import annotations

import argparse
import json
import statistics
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
from gtc_runtime.scenario import report
from gtc_runtime.scenario.cycle_log import PhaseSpan
from gtc_spec import environment
from gtc_spec.errors import GtcError
from gtc_spec.phases import Timeline

JSON = dict[str, Any]
DRAWS = 21
"""How often the twin plays the trace. Among workers that are equal to it Dynamo's router draws one:
whether a later turn of a chat finds its prefix hangs on that, and shows in a hundred requests."""
LIMITS = {"ttft_ms": 0.20, "itl_ms": 0.10}
"""How far the twin may be from the rehearsal, a share."""
FIGURES = (("ttft_ms", "p50"), ("ttft_ms", "p95"), ("itl_ms", "p50"))
SAMPLES_MIN = {"p50": 10, "p95": 40}
"""A percentile of fewer requests is one request or two."""


def main(argv: list[str]) -> int:
    """Print the table; 1 when a figure is further away than is promised."""
    parser = argparse.ArgumentParser(prog="twin-beside-rehearsal", description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("logs", type=Path)
    parser.add_argument("--time-scale", type=float, default=1.0)
    asked = parser.parse_args(argv)
    try:
        seen, trace = read_show(asked.report, asked.logs)
        twins = play(seen["env"], asked.time_scale, trace, seen["phases"])
    except (OSError, ValueError, KeyError, GtcError) as error:
        print(f"twin-beside-rehearsal: {error}")
        return 2
    rows = list(compared(seen["phases"], twins))
    print(table(rows))
    return 0 if rows and all(row.near for row in rows) else 1


def read_show(report: Path, logs: Path) -> tuple[JSON, list[Recorded]]:
    """The report of a rehearsal, and every request that it sent."""
    found = [
        line
        for path in sorted(logs.glob("requests-*.ndjson"))
        if not path.name.endswith(".1.ndjson")
        for line in request_log.read(path)
    ]
    return json.loads(report.read_text(encoding="utf-8")), read(found)


def play(
    name: str, time_scale: float, trace: list[Recorded], seen: list[JSON], draws: int = DRAWS
) -> list[list[JSON]]:
    """The phases of the twin with the requests of the rehearsal, once a draw.

    A phase holds the requests that it held in the rehearsal: where the twin's workers are ready a
    second sooner, its next phase begins while those of the one before are sent still.
    """
    played = environment.load(name).scaled(time_scale)
    spans = list(_spans(played.timeline, seen))
    shift_s = _shift_s(played.timeline, spans, trace, seen)
    shifted = [replace(each, due_s=each.due_s + shift_s) for each in trace]
    hardware = Hardware.of_rehearsal(played)
    return [
        _played(Simulation(played, hardware, 1 + n, trace=shifted), spans) for n in range(draws)
    ]


def _played(twin: Simulation, spans: list[PhaseSpan]) -> list[JSON]:
    twin.run()
    return [report.phase(twin.log, span, twin.book) for span in spans]


def _spans(timeline: Timeline, seen: list[JSON]) -> Iterator[PhaseSpan]:
    """Where the phases lay in the rehearsal, from its beginning on."""
    settles_s = {
        each.phase.name: round(each.nominal_s)
        for each in timeline.segments
        if each.kind == "settle"
    }
    mains = [each for each in timeline.segments if each.kind == "main"]
    start_s = 0
    for segment, phase in zip(mains, seen, strict=True):
        end_s = start_s + phase["length_s"]
        yield PhaseSpan(segment, start_s, end_s - settles_s.get(segment.phase.name, 0), end_s)
        start_s = end_s


def _shift_s(
    timeline: Timeline, spans: list[PhaseSpan], trace: list[Recorded], seen: list[JSON]
) -> float:
    """When the first request was due: so that the phases hold as many as they did.

    Phases begin on whole seconds of a clock whose fractions the report does not tell.
    """
    gap_s = 1 / timeline.segments[0].rps  # the first gap of the schedule, on average

    def missed(shift_s: float) -> int:
        return sum(
            abs(
                sum(span.start_s <= each.due_s + shift_s < span.main_end_s for each in trace)
                - phase["ttft_ms"]["all"]["n"]
            )
            for span, phase in zip(spans, seen, strict=True)
        )

    near = [gap_s + step / 10 for step in range(-10, 11) if gap_s + step / 10 >= 0]
    return min(near, key=lambda shift_s: (missed(shift_s), abs(shift_s - gap_s)))


@dataclass(frozen=True)
class Row:
    """One figure of one phase, milliseconds.

    Attributes:
        phase: Its name.
        measure, which: What it is, and of whom.
        seen: In the rehearsal.
        twin: In the twin, by draw, the lowest first.
    """

    phase: str
    measure: str
    which: str
    seen: float
    twin: list[float]

    @property
    def middle(self) -> float:
        """The median of the draws."""
        return statistics.median(self.twin)

    @property
    def spread(self) -> tuple[float, float]:
        """Where four of five draws lie."""
        tenth = len(self.twin) // 10
        return self.twin[tenth], self.twin[-1 - tenth]

    @property
    def difference(self) -> float:
        """How far the nearest usual draw is away, a share of what was seen; 0 among them."""
        low, high = self.spread
        return max(0.0, low / self.seen - 1) or min(0.0, high / self.seen - 1)

    @property
    def near(self) -> bool:
        """Whether that is as near as is promised."""
        return abs(self.difference) <= LIMITS[self.measure]


def compared(seen: list[JSON], twins: list[list[JSON]]) -> Iterator[Row]:
    """Every figure of every phase that rests on enough requests."""
    for number, told in enumerate(seen):
        runs = [twin[number] for twin in twins]
        for measure, quantile in FIGURES:
            keys = ("all",) if measure == "itl_ms" else runs[0][measure]
            for key in keys:
                ours, theirs = told[measure][key], [run[measure][key] for run in runs]
                samples = min(each["n"] for each in (ours, *theirs))
                if key == "chat" or samples < SAMPLES_MIN[quantile]:
                    continue
                drawn = sorted(each[quantile] for each in theirs)
                yield Row(told["name"], measure, f"{key} {quantile}", ours[quantile], drawn)


def table(rows: list[Row]) -> str:
    """Markdown: one row a figure."""
    heads = ("phase", "figure", "rehearsal", "twin", "four of five draws", "off", "near enough")
    lines = [heads, ("---",) * len(heads)]
    for row in rows:
        figure = f"{row.measure.removesuffix('_ms').upper()} {row.which}"
        spread = " to ".join(map(latency, row.spread))
        values = latency(row.seen), latency(row.middle), spread
        off = f"{row.difference:+.0%}".replace("%", " %")
        lines.append((row.phase, figure, *values, off, "yes" if row.near else "**no**"))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
