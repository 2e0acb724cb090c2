"""The twin in the one view: bands of now, and the fidelity of the last cycle.

It looks with every view, and most looks cost nothing. It must not know pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from gtc_runtime.load.control import LoadControl
from gtc_runtime.scenario.conductor import Conductor
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_runtime.told import BandView, ComparedView, TwinView
from gtc_runtime.twin.fidelity import compared, off
from gtc_runtime.twin.following import Following, Load
from gtc_runtime.twin.measured import Measured
from gtc_runtime.twin.player import Player
from gtc_runtime.twin.predicted import Band

JSON = dict[str, Any]


class Beside:
    """Follows one conductor.

    Args:
        player: Has the prediction, once it has.
        conductor, load: What is followed.
    """

    def __init__(self, player: Player, conductor: Conductor, load: LoadControl) -> None:
        self._player, self._conductor, self._load = player, conductor, load
        timeline = conductor.timeline
        self._following = Following(timeline)
        self._measured = Measured(len({segment.phase.name for segment in timeline.segments}))
        self._cycles: list[tuple[CycleLog, set[str]]] = []
        self._told = TwinView()

    def see(self, now_s: float) -> TwinView:
        """What is told of this moment."""
        if self._player.ended:
            return TwinView()
        if self._conductor.mode == "auto":
            self._player.want()
        predicted = self._player.predicted
        if predicted is not None:
            self._following.stretches = predicted.stretches
        elapsed_s = self._following.see(self._conductor.state, self._sent(), now_s)
        if predicted is None:
            return TwinView("pending")
        log = self._conductor.log
        if not self._cycles or self._cycles[-1][0] is not log:
            self._cycles = [*self._cycles[-1:], (log, self._following.as_predicted)]
        whole = self._measured.see(log, self._load.book, now_s)
        if whole is not None:
            went = [went for log, went in self._cycles if log is self._measured.log]
            figures = self._compared(whole, went[0] if went else set())
            self._told = TwinView("ready", off=off(figures), compared=figures)
        index, told = self._conductor.state.index, replace(self._told, state="ready")
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
        """Fidelity of a cycle by its report, for it; None without a prediction."""
        if self._player.predicted is None:
            return None
        figures = self._compared(phases, self._following.as_predicted)
        return {"off": off(figures), "compared": [asdict(each) for each in figures]}

    def _sent(self) -> Load:
        load = self._load.load
        return Load(load.rps, load.mix) if self._load.running else Load(0.0, None)

    def _compared(self, phases: Iterable[JSON], went: set[str]) -> tuple[ComparedView, ...]:
        predicted = self._player.predicted
        if predicted is None:
            return ()
        figures = {phase.name: phase.figures_ms for phase in predicted.phases}
        return tuple(
            each
            for phase in phases
            if phase["name"] in went and not phase.get("interrupted")
            for each in compared(phase, figures.get(phase["name"], {}))
        )


def _shown(band: Band) -> BandView | None:
    return None if band is None else BandView(*band)
