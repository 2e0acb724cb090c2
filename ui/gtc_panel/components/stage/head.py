"""Above the tiles: title, cluster and who scales; and what must not be overlooked."""

from __future__ import annotations

from nicegui import ui

from gtc_panel import text
from gtc_panel.components.basics import box, swap, words
from gtc_panel.freshness import freshness
from gtc_runtime.formats import NO_DATA, whole
from gtc_runtime.view import DemoView


class Head:
    """One line; a problem takes the place of the title."""

    def __init__(self) -> None:
        with box("stage-head"):
            with ui.element("h1").classes("stage-title") as self._title:
                words(text.TITLE)
            self._problem = words("", "stage-problem").mark("problem")
            with box("stage-facts"):
                self._scaler = words("", "badge").mark("scaler")
                self._cluster = words(NO_DATA, "badge badge-cluster").mark("cluster")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        self._problem.set_text(view.problem)
        self._title.set_visibility(not view.problem)
        self._problem.set_visibility(bool(view.problem))
        self._scaler.set_text(text.scaled_by(view.control.scaler))
        self._cluster.set_text(f"{view.cluster} · {view.environment}")
        swap(self._cluster, "cluster-", view.cluster.lower() or "unknown")


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
    sources = ((text.NO_CLUSTER, view.cluster_age_s), (text.NO_CLIENT, view.load_age_s))
    for what, age_s in sources:
        if freshness(age_s) == "gone":
            return text.silent_for(what, "" if age_s is None else whole(age_s))
    return ""
