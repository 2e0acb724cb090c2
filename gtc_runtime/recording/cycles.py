"""Where the cycles of the show lie in a recording. It must not know files or figures.

Within a cycle the show only goes forward, also after a stop that was taken back; so another one
begins where it stands further back than it did, or where more cycles are counted as finished.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

NEAR_S: Final = 2.0
"""What is seen this close to a beginning or an end is seen at it: lines are a second apart."""


@dataclass(frozen=True)
class Cycle:
    """One cycle of the show in a recording.

    Attributes:
        start_s: When its first phase began, seconds of the recording.
        end_s: The last second of its last phase.
        told_s: The last second before another cycle begins; until then its claims stay.
        whole: Whether it is there from its beginning and the show came to its end, be it that the
            presenter went on early from phases, the last one included.
    """

    start_s: float
    end_s: float
    told_s: float
    whole: bool


def find_cycles(
    phases: Iterable[tuple[float, dict[str, Any]]], segments: int, length_s: float
) -> Iterator[Cycle]:
    """Every cycle, in order; a show that was stopped and resumed goes on with its cycle.

    Args:
        phases: Time and phase of every view, as it is recorded.
        segments: How many the timeline has.
        length_s: Time of the last view.
    """
    found: Cycle | None = None
    from_start, before = False, {}  # type: tuple[bool, dict[str, Any]]
    for at_s, phase in phases:
        if found is not None and phase["cycle"] > before["cycle"]:
            found = replace(found, whole=from_start)
        if phase["index"] is not None:
            if found is None or _is_another(before, phase):
                if found is not None:
                    yield found
                from_start = is_beginning(phase["index"], phase["elapsed_s"])
                found = Cycle(at_s, at_s, at_s, whole=False)
            over = phase["index"] == segments - 1 and (phase["ends_in_s"] or 0.0) <= NEAR_S
            found, before = replace(found, end_s=at_s, whole=from_start and over), phase
        if found is not None:
            found = replace(found, told_s=at_s)
    if found is not None:
        yield replace(found, told_s=length_s)


def is_beginning(index: int | None, elapsed_s: float) -> bool:
    """Whether a show that stands there has just begun its cycle."""
    return index == 0 and elapsed_s <= NEAR_S


def _is_another(before: dict[str, Any], phase: dict[str, Any]) -> bool:
    """Whether a phase is of another cycle than the one that was seen last while the show ran."""
    if phase["cycle"] != before["cycle"] or phase["index"] < before["index"]:
        return True
    back_s = before["elapsed_s"] - phase["elapsed_s"]
    return phase["index"] == before["index"] and bool(back_s > NEAR_S)
