"""How near the twin was: the figures of a cycle against those that were predicted.

Pure. It must not know how either of them was obtained.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from gtc_runtime.told import ComparedView

JSON = dict[str, Any]


class Figure(NamedTuple):
    """A figure of a phase that is compared.

    Attributes:
        measure: ``ttft`` or ``itl``, of all requests.
        quantile: Which one.
    """

    measure: str
    quantile: str

    @property
    def title(self) -> str:
        """``TTFT p95``."""
        return f"{self.measure.upper()} {self.quantile}"


FIGURES: Final = (Figure("ttft", "p50"), Figure("ttft", "p95"), Figure("itl", "p50"))


def figure_ms(phase: JSON, figure: Figure) -> float | None:
    """A figure of a phase in report form; None without data."""
    value = phase.get(f"{figure.measure}_ms", {}).get("all", {}).get(figure.quantile)
    return None if value is None else float(value)


def compared(phase: JSON, predicted_ms: Mapping[str, float | None]) -> Iterable[ComparedView]:
    """The figures of one measured phase that both sides have.

    Args:
        phase: In report form.
        predicted_ms: By title of the figure.
    """
    for figure in FIGURES:
        measured, expected = figure_ms(phase, figure), predicted_ms.get(figure.title)
        if measured is None or expected is None or measured <= 0:
            continue
        off = round(abs(measured - expected) / measured, 4)
        yield ComparedView(phase["name"], figure.title, measured, expected, off)


def off(figures: Iterable[ComparedView]) -> float | None:
    """The median of how far prediction and figure are apart, as a share of the figure."""
    found = [each.off for each in figures]
    return round(statistics.median(found), 4) if found else None
