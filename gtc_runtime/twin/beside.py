"""The twin in the one view: bands of now, and how near it was phase by phase and cycle by cycle.

It looks with every view, and most looks cost nothing. It must not know pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_runtime.told import BandView, ComparedView, TwinView
from gtc_runtime.twin.fidelity import compared, off
from gtc_runtime.twin.following import Following, Load
from gtc_runtime.twin.measured import Measured
from gtc_runtime.twin.player import Player
from gtc_runtime.twin.predicted import Band
from gtc_runtime.view import Mode
from gtc_spec.phases import Timeline

JSON = dict[str, Any]


class Lead(Protocol):
    """Who conducts the show."""

    @property
    def mode(self) -> Mode: ...  # noqa: D102 - as `Conductor` has them
    @property
    def timeline(self) -> Timeline: ...  # noqa: D102
    @property
    def state(self) -> machine.State: ...  # noqa: D102
    @property
    def log(self) -> CycleLog: ...  # noqa: D102


class Sender(Protocol):
    """What makes the traffic, and its statistics."""

    book: SliceBook

    @property
    def load(self) -> Rate: ...  # noqa: D102 - as `LoadControl` has them
    @property
    def running(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True)
class _Cycle:
    """One cycle that is or was played.

    Attributes:
        log: Its phases.
        number: As it is counted.
        went: Phases that went as predicted.
        figures: What has been compared.
    """

    log: CycleLog
    number: int
    went: set[str]
    figures: list[ComparedView] = field(default_factory=list)


class Beside:
    """Follows one show.

    Args:
        player: Has the prediction, once it has.
        lead, sender: What is followed.
    """

    def __init__(self, player: Player, lead: Lead, sender: Sender) -> None:
        self._player, self._lead, self._sender = player, lead, sender
        timeline = lead.timeline
        self._following = Following(timeline)
        self._measured = Measured(len({segment.phase.name for segment in timeline.segments}))
        self._cycles: list[_Cycle] = []
        self._told = TwinView()

    def see(self, now_s: float) -> TwinView:
        """What is told of this moment."""
        if self._player.ended:
            return TwinView()
        if self._lead.mode == "auto":
            self._player.want()
        predicted = self._player.predicted
        if predicted is not None:
            self._following.stretches = predicted.stretches
        elapsed_s = self._following.see(self._lead.state, self._sent(), now_s)
        self._note_cycle()
        if predicted is None:
            return TwinView("pending")
        self._measure(now_s)
        index, told = self._lead.state.index, replace(self._told, state="ready")
        if elapsed_s is None or index is None:
            return told
        stretch = predicted.stretches[index]
        return replace(
            told,
            ttft_p50=_shown(stretch.at("ttft_p50", elapsed_s)),
            ttft_p95=_shown(stretch.at("ttft_p95", elapsed_s)),
            itl_p50=_shown(stretch.at("itl_p50", elapsed_s)),
        )

    def report(self, phases: Iterable[JSON]) -> JSON | None:
        """How near it was in the newest cycle, for its report; None without a prediction.

        Args:
            phases: Of that report.
        """
        if self._player.predicted is None:
            return None
        figures = [
            each for phase in phases for each in self._compared(phase, self._following.as_predicted)
        ]
        return {"off": off(figures), "compared": [asdict(each) for each in figures]}

    def _sent(self) -> Load:
        load = self._sender.load
        return Load(load.rps, load.mix) if self._sender.running else Load(0.0, None)

    def _note_cycle(self) -> None:
        log = self._lead.log
        if not self._cycles or self._cycles[-1].log is not log:
            cycle = _Cycle(log, self._lead.state.cycle, self._following.as_predicted)
            self._cycles = [*self._cycles[-1:], cycle]  # of the one before some phases may be open

    def _measure(self, now_s: float) -> None:
        phase = self._measured.see(self._lead.log, self._sender.book, now_s)
        of = next((each for each in self._cycles if each.log is self._measured.log), None)
        if phase is None or of is None:
            return
        of.figures.extend(self._compared(phase, of.went))
        whole = off(of.figures) if self._measured.whole else self._told.off
        self._told = TwinView(off=whole, compared=tuple(of.figures), cycle=of.number)

    def _compared(self, phase: JSON, went: set[str]) -> Iterable[ComparedView]:
        predicted = self._player.predicted
        if predicted is None or phase["name"] not in went or phase.get("interrupted"):
            return ()
        figures = {each.name: each.figures_ms for each in predicted.phases}
        return compared(phase, figures.get(phase["name"], {}))


def _shown(band: Band) -> BandView | None:
    return None if band is None else BandView(*band)
