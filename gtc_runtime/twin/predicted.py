"""What several simulated cycles of one table come to: bands of the curves, figures of the phases.

Pure arithmetic and plain values that survive a file. It must not know how cycles are simulated.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter

from gtc_runtime.planning.answers.spread import HIGH, LOW, quantile
from gtc_runtime.twin.course import CURVES, Course, Curve
from gtc_runtime.twin.fidelity import FIGURES, figure_ms

JSON = dict[str, Any]
Band = tuple[float, float] | None
"""Low (p10) and high (p90) over the seeds, milliseconds; None where most of them have no figure."""

SHARE: Final = 0.5
"""Of the seeds that must have a figure at a second."""


@dataclass(frozen=True)
class Stretch:
    """One segment of the timeline.

    Attributes:
        phase: Name of its phase.
        shortest_s, longest_s: How long it took, over the seeds.
        bands: Of each curve after 0, 1, 2 … seconds.
    """

    phase: str
    shortest_s: int
    longest_s: int
    bands: dict[Curve, tuple[Band, ...]]

    def at(self, curve: Curve, elapsed_s: float) -> Band:
        """The band after some seconds; a segment that lasts longer keeps its last one."""
        bands = self.bands[curve]
        return bands[min(max(0, int(elapsed_s)), len(bands) - 1)] if bands else None


@dataclass(frozen=True)
class Phase:
    """The figures of a phase, as its report has them.

    Attributes:
        name: Of the phase.
        figures_ms: Median over the seeds by ``TTFT p95``; None without samples.
    """

    name: str
    figures_ms: dict[str, float | None]


@dataclass(frozen=True)
class Predicted:
    """One table on one hardware.

    Attributes:
        seeds: How many cycles it rests on.
        stretches: The segments of the timeline, in order.
        phases: Its phases.
    """

    seeds: int
    stretches: tuple[Stretch, ...]
    phases: tuple[Phase, ...]

    def to_json(self) -> bytes:
        """For a file."""
        return _FORM.dump_json(self)

    @classmethod
    def from_json(cls, content: bytes) -> Predicted:
        """What `to_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        return _FORM.validate_json(content)


_FORM: Final = TypeAdapter(Predicted)


def predicted(cycles: Sequence[tuple[list[Course], list[JSON]]]) -> Predicted:
    """Fold cycles of several seeds.

    Args:
        cycles: At least one; the courses of each, and the phases of its report.
    """
    courses, reports = zip(*cycles, strict=True)
    return Predicted(
        len(cycles),
        tuple(_stretch(same) for same in zip(*courses, strict=True)),
        tuple(_phase(same) for same in zip(*reports, strict=True)),
    )


def _stretch(same: Sequence[Course]) -> Stretch:
    lengths = [len(each.points) for each in same]
    bands = {
        curve: tuple(
            _band([_at(each, curve, second) for each in same]) for second in range(max(lengths))
        )
        for curve in CURVES
    }
    return Stretch(str(same[0].segment.phase.name), min(lengths), max(lengths), bands)


def _at(course: Course, curve: Curve, second: int) -> float | None:
    points = course.points
    return points[min(second, len(points) - 1)][curve] if points else None


def _band(values: Iterable[float | None]) -> Band:
    told = list(values)
    known = [value for value in told if value is not None]
    if len(known) <= SHARE * len(told):
        return None
    return round(quantile(known, LOW), 2), round(quantile(known, HIGH), 2)


def _phase(same: Sequence[JSON]) -> Phase:
    found: dict[str, float | None] = {}
    for figure in FIGURES:
        values = [value for each in same if (value := figure_ms(each, figure)) is not None]
        found[figure.title] = round(statistics.median(values), 2) if values else None
    return Phase(same[0]["name"], found)
