"""Above everything: what answers here, who scales it, and what must not be overlooked."""

from __future__ import annotations

from nicegui import ui

from gtc_panel import stage_text
from gtc_panel.components.basics import box, swap, words
from gtc_panel.port import PanelPort
from gtc_runtime.formats import whole
from gtc_runtime.view import DemoView, freshness
from gtc_spec.cloud.nodes import hardware


class Head:
    """One line; a problem takes the place of the title."""

    def __init__(self, panel: PanelPort) -> None:
        self._environment = panel.environment
        with box("stage-head"):
            with ui.element("h1").classes("stage-title") as self._title:
                model = panel.environment.model.title
                words(stage_text.standing(model, hardware(panel.environment.nodes)))
            self._problem = words("", "stage-problem").mark("problem")
            with box("stage-facts"):
                self._recorded = words("", "badge badge-recorded").mark("recorded")
                self._simulated = words(stage_text.SIMULATED, "badge").mark("simulated")
                self._scaler = words("", "badge").mark("scaler")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        self._problem.set_text(view.problem)
        self._title.set_visibility(not view.problem)
        self._problem.set_visibility(bool(view.problem))
        self._recorded.set_text(stage_text.recorded(view.recorded))
        self._recorded.set_visibility(bool(view.recorded))
        self._simulated.set_visibility(view.simulated(self._environment))
        self._scaler.set_text(stage_text.scaled_by(view.control.scaler))


class Alarm:
    """Covers the page while its figures are too old to be believed."""

    def __init__(self) -> None:
        with box("stage-alarm alarm-off") as self._box:
            self._words = words("", "stage-alarm-words").mark("alarm")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        sentence = alarm(view)
        self._words.set_text(sentence)
        swap(self._box, "alarm-", "on" if sentence else "off")


def alarm(view: DemoView) -> str:
    """Who has said nothing for too long, and for how long; empty when all speak."""
    sources = ((stage_text.NO_CLUSTER, view.cluster_age_s), (stage_text.NO_CLIENT, view.load_age_s))
    for what, age_s in sources:
        if freshness(age_s) != "fresh":
            return stage_text.silent_for(what, "" if age_s is None else whole(age_s))
    return ""
