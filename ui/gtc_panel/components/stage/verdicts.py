"""Whether both goals hold now: the first thing that a visitor asks.

Figures that are not to be believed prove nothing: then neither goal is judged.
"""

from __future__ import annotations

from typing import Final, Literal

from gtc_panel import stage_text, text
from gtc_panel.components.basics import Figure, box, swap, words
from gtc_panel.components.stage.trust import proves
from gtc_panel.port import PanelPort
from gtc_runtime import formats
from gtc_runtime.view import DemoView

HOLDS: Final = 0.95
"""Goals are about the 95th percentile: one holds when this share is inside."""

Held = Literal["yes", "no", "idle"]


class Verdicts:
    """One statement a goal."""

    def __init__(self, panel: PanelPort) -> None:
        slo = panel.environment.slo
        with box("tile-box stage-verdicts"):
            self._ttft = _Goal(text.TTFT[0], "prefill", slo.ttft_p95_s * 1000)
            self._itl = _Goal(text.ITL[0], "decode", slo.itl_p95_s * 1000)

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        self._ttft.show(share_in_goal(view, "ttft"))
        self._itl.show(share_in_goal(view, "itl"))


class _Goal:
    def __init__(self, name: str, role: str, goal_ms: float) -> None:
        with box(f"verdict role-{role}") as self._box:
            words(f"{name} {stage_text.IN_GOAL}", "verdict-name")
            with box("verdict-line"):
                self._sign = words("", "verdict-sign")
                self._share = Figure()
            words(f"{text.P95} ≤ {formats.latency(goal_ms).narrow}", "verdict-goal")

    def show(self, share: float | None) -> None:
        held = verdict(share)
        self._sign.set_text(stage_text.VERDICT[held])
        self._share.show(formats.percent(share, 0), "fresh")
        swap(self._box, "verdict-", held)


def verdict(share: float | None) -> Held:
    """Whether a goal holds; without traffic there is nothing to judge."""
    if share is None:
        return "idle"
    return "yes" if share >= HOLDS else "no"


def share_in_goal(view: DemoView, measure: str) -> float | None:
    """Share of the samples of ``ttft`` or ``itl`` in goal, 0-1; None when there is no judging."""
    every = view.workloads.get("all")
    if every is None or not proves(view):
        return None
    share: float | None = getattr(every, measure).in_goal
    return share
