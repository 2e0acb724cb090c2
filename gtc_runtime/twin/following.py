"""Whether a live show does what was predicted, and how far into its segment it is.

A presenter may hold, extend or skip, stop and resume, and a panel may have died: what was predicted
for the table is then no measure any more. Pure: it is told the time. It must not know figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gtc_runtime.scenario import machine
from gtc_runtime.twin.predicted import Stretch
from gtc_runtime.view import WINDOW_S
from gtc_spec.phases import Timeline
from gtc_spec.workloads import WorkloadMix

GRACE_S: Final = 2.5
"""So long the load may lag behind the table: the conductor looks once a second."""
NEAR: Final = 0.1
NEAR_S: Final = 5.0
"""Two lengths are the same if they differ by a tenth, or by so many seconds."""


@dataclass(frozen=True)
class Load:
    """What is sent: nothing without a mix."""

    rps: float
    mix: WorkloadMix | None


class Following:
    """Follows one show, look by look.

    Args:
        timeline: What it should play.

    Attributes:
        stretches: How long each segment took in the prediction; empty before there is one.
        as_predicted: Phases of the running cycle that went as the table says, up to their end or to
            now; another set for every cycle.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.stretches: tuple[Stretch, ...] = ()
        self._index: int | None = None
        self._begun_s = self._clean_s = 0.0
        self._off_s: float | None = None
        self._true = False
        self.as_predicted: set[str] = set()

    def see(self, state: machine.State, load: Load, now_s: float) -> float | None:
        """Take a look.

        Args:
            state: Where the show stands.
            load: What runs.
            now_s: Monotonic seconds.

        Returns:
            Seconds since the segment began; None where nothing is predicted of now.
        """
        if state.index != self._index:
            self._change(state, now_s)
        if state.index is None:
            return None
        self._look_at_load(state, load, now_s)
        good = self._true and now_s - self._clean_s >= WINDOW_S
        return now_s - self._begun_s if good else None

    # -- segments -------------------------------------------------------------------------------

    def _change(self, state: machine.State, now_s: float) -> None:
        before, index = self._index, state.index
        self._index = index
        if index is None:
            return
        lasted_s, self._begun_s = now_s - self._begun_s, state.entered_s
        if index == 0:
            self.as_predicted = set()
        if index == 0 and now_s - state.entered_s <= GRACE_S:
            self._true, self._clean_s, self._off_s = True, now_s, None
        elif before is None or not self._follows(before, index):
            self._stray(now_s)  # resumed, or taken over from a panel that died
        else:
            self._go_on(before, index, lasted_s, now_s)
        if self._true:
            self.as_predicted.add(self._phase(index))

    def _stray(self, now_s: float) -> None:
        self._true, self._clean_s = False, now_s
        if self._index is not None:
            self.as_predicted.discard(self._phase(self._index))

    def _go_on(self, before: int, index: int, lasted_s: float, now_s: float) -> None:
        short, long = self._differs(before, lasted_s)
        if short or index > before + 1:
            self._clean_s = now_s  # the window reaches over what was skipped
        if short:
            self.as_predicted.discard(self._phase(before))
        stressed = self._timeline.segments[before].phase.name.stresses
        if stressed and (short or long):
            self._true = False  # another queue than was predicted
        if self._phase(before) != self._phase(index):
            self._true = self._true or not stressed

    def _differs(self, index: int, lasted_s: float) -> tuple[bool, bool]:
        """Whether a segment was shorter, or longer, than it was in any prediction."""
        if not self.stretches:
            return False, False
        low_s, high_s = self.stretches[index].shortest_s, self.stretches[index].longest_s
        short = lasted_s < low_s and not near(lasted_s, low_s)
        return short, lasted_s > high_s and not near(lasted_s, high_s)

    def _follows(self, before: int, index: int) -> bool:
        """Whether a segment is the next one, or the first one of the next phase."""
        between = {self._phase(each) for each in range(before, index)}
        return before < index and len(between) == 1

    def _phase(self, index: int) -> str:
        return str(self._timeline.segments[index].phase.name)

    # -- the load -------------------------------------------------------------------------------

    def _look_at_load(self, state: machine.State, load: Load, now_s: float) -> None:
        if self._is_of_table(state, load, now_s):
            if self._off_s is not None and now_s - self._off_s > GRACE_S:
                self._clean_s = now_s
            self._off_s = None
        elif self._off_s is None:
            self._off_s = now_s
        elif now_s - self._off_s > GRACE_S:
            self._stray(now_s)

    def _is_of_table(self, state: machine.State, load: Load, now_s: float) -> bool:
        segment = self._timeline.segments[state.index or 0]
        elapsed_s = machine.elapsed_s(state, now_s)
        ends = [segment.rps_at(elapsed_s - GRACE_S), segment.rps_at(elapsed_s + GRACE_S)]
        low, high = min(ends) * 0.99 - 0.001, max(ends) * 1.01 + 0.001
        return load.mix == segment.mix and low <= load.rps <= high


def near(one_s: float, other_s: float) -> bool:
    """Whether two lengths are the same, as far as a prediction goes."""
    return abs(one_s - other_s) <= max(NEAR_S, NEAR * other_s)
