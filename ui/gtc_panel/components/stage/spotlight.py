"""The one number that belongs to the phase, in large, with what must be read beside it.

Medians alone hide what separate pools are for, so the tails and the requests that met every goal
stand beside them.
"""

from __future__ import annotations

from typing import NamedTuple

from nicegui import ui

from gtc_panel import stage_text
from gtc_panel.components.basics import Figure, box, swap, words
from gtc_panel.components.stage.subject import Subject, subject_by_hand, subject_of
from gtc_panel.port import PanelPort
from gtc_panel.strip import places
from gtc_runtime.formats import NO_DATA, Written, latency, per_s, percent, thousands
from gtc_runtime.view import DemoView, Quantiles, WorkloadView, freshness
from gtc_spec.workloads import FACTS


class Shown(NamedTuple):
    """A figure and the lines below it: name and value each."""

    figure: Written
    lines: tuple[tuple[str, str], ...]


class Spotlight:
    """Changes its figure with the phase, never its place."""

    LINES = 4

    def __init__(self, panel: PanelPort) -> None:
        self._phases = panel.environment.table.phases
        self._places = places(self._phases)
        with box("tile-box stage-spotlight") as self._box:
            self._name = words("", "spotlight-name").mark("spotlight")
            self._figure = Figure("figure-spotlight")
            with box("spotlight-lines"):
                self._lines = [_line() for _ in range(self.LINES)]

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        about = self._about(view)
        fresh = freshness(view.load_age_s)
        shown = figures(about, view)
        self._name.set_text(stage_text.SPOTLIGHT[about])
        swap(self._box, "role-", stage_text.ROLE_OF[about])
        idle = not view.load.running and view.load.output_tokens_s is None
        swap(self._box, "spotlight-", "off" if idle else "on")
        self._figure.show(shown.figure, fresh)
        padding = (("", ""),) * (self.LINES - len(shown.lines))
        for (name, value), told in zip(self._lines, (*shown.lines, *padding), strict=True):
            name.set_text(told[0])
            value.set_text(NO_DATA if fresh == "gone" and told[0] else told[1])

    def _about(self, view: DemoView) -> Subject:
        index = view.phase.index
        if index is None or index >= len(self._places):
            return subject_by_hand(view)
        return subject_of(self._phases, self._places[index])


def figures(about: Subject, view: DemoView) -> Shown:
    """What is told of a subject."""
    every = view.workloads.get("all", WorkloadView())
    good = (stage_text.GOOD_RPS, per_s(every.good_rps))
    if about == "turns":
        return _turns(view)
    if about == "tokens":
        share = (stage_text.GOODPUT, percent(every.goodput, 0).narrow)
        tails = (
            (stage_text.TTFT_P99, latency(every.ttft.p99_ms).narrow),
            (stage_text.TPOT, latency(every.tpot.p95_ms).narrow),
        )
        return Shown(thousands(view.load.output_tokens_s), (good, share, *tails))
    of: Quantiles = every.ttft if about == "ttft" else every.itl
    spread = (("p50", latency(of.p50_ms).narrow), ("p99", latency(of.p99_ms).narrow))
    tpot = (stage_text.TPOT, latency(every.tpot.p95_ms).narrow)
    return Shown(latency(of.p95_ms), (*spread, good, tpot))


def _turns(view: DemoView) -> Shown:
    """Later turns of a conversation against its first, both medians."""
    first, later = (view.workloads.get(key, WorkloadView()).ttft for key in FACTS["chat"].keys)
    saved = None if first.p50_ms is None or later.p50_ms is None else first.p50_ms - later.p50_ms
    share = saved / first.p50_ms if saved is not None and first.p50_ms else None
    return Shown(
        latency(later.p50_ms),
        (
            (stage_text.TURNS[0], latency(first.p50_ms).narrow),
            (stage_text.SAVED, percent(share, 0).narrow),
        ),
    )


def _line() -> tuple[ui.label, ui.label]:
    with box("spotlight-line"):
        return words("", "stage-note"), words("", "spotlight-value")
