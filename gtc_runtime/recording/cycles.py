"""Where the cycles of the show lie in a recording. It must not know files or figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

_END_S: Final = 2.0
"""A cycle whose last second seen is this close to the end was played to it: lines are a second
apart."""


@dataclass(frozen=True)
class Cycle:
    """One cycle of the show in a recording.

    Attributes:
        start_s: When its first phase began, seconds of the recording.
        end_s: The last second of its last phase.
        told_s: The last second before another cycle begins; until then its claims stay.
        whole: Whether it is there from its beginning and was played to its end.
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
    from_start, before = False, None
    for at_s, phase in phases:
        index = phase["index"]
        if index is not None:
            if found is None or (index == 0 and before != 0):
                if found is not None:
                    yield found
                from_start = index == 0
                found = Cycle(at_s, at_s, at_s, whole=False)
            over = index == segments - 1 and (phase["ends_in_s"] or 0.0) <= _END_S
            found = replace(found, end_s=at_s, whole=from_start and over)
        if found is not None:
            found = replace(found, told_s=at_s)
        before = index
    if found is not None:
        yield replace(found, told_s=length_s)
