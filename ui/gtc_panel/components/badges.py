"""The head of the page: which cluster this is, who scales, whether the figures can be trusted."""

from __future__ import annotations

from nicegui import ui

from gtc_panel import text
from gtc_panel.components.basics import box, swap, tip, words
from gtc_panel.freshness import freshness
from gtc_panel.port import PanelPort
from gtc_runtime.formats import NO_DATA, whole
from gtc_runtime.view import DemoView
from gtc_spec.cloud.nodes import counted


class Badges:
    """Title and badges; always the same height."""

    def __init__(self) -> None:
        with box("head"):
            with ui.element("h1").classes("title"):
                words(text.TITLE)
            with box("badges"):
                self._cluster = words(NO_DATA, "badge badge-cluster").mark("cluster")
                self._scaler = _ScalerBadge()
                with box("badge badge-light") as self._light:
                    self._sign = words("○", "light-sign")
                    self._sentence = words("", "").mark("light")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        self._cluster.set_text(f"{view.cluster} · {view.environment}")
        swap(self._cluster, "cluster-", view.cluster.lower() or "unknown")
        self._scaler.draw(view)
        self._sign.set_text(text.LIGHT_SIGN[view.load.light])
        self._sentence.set_text(text.light(view.load.light))
        swap(self._light, "light-", view.load.light)
        load = view.load
        tip(self._light, text.light_tip(load.light_reason, load.stamp_source, load.stamp_reason))


class _ScalerBadge:
    """HUMAN, SCENARIO or KEDA: exactly one is lit, or none while it is not known."""

    def __init__(self) -> None:
        with box("badge badge-scaler"):
            words(text.SCALING_BY, "muted")
            self._names = {name: words(name, "who").mark(f"who-{name}") for name in text.WHO}
            with box("scaler-detail"):
                self._holder = words("", "muted")
                self._keda = words("", "muted").mark("keda")

    def draw(self, view: DemoView) -> None:
        for name, label in self._names.items():
            swap(label, "who-", "lit" if name == view.control.scaler else "dark")
        self._holder.set_text(text.holder(view.holder))
        self._keda.set_text(text.KEDA[view.keda])
        tip(self._holder, view.holder)
        tip(self._keda, view.keda_detail)


class Notice:
    """One line under the head: what is watched, the most important problem, or the end date."""

    def __init__(self, panel: PanelPort) -> None:
        environment = panel.environment
        self._standing = text.standing(
            environment.model.served_name,
            counted(environment.slots, environment.nodes),
            str(environment.initial_ratio),
            environment.nodes.size,
        )
        with box("notice") as self._box:
            self._line = words(self._standing, "notice-line").props('aria-live="polite"')
            self._line.mark("notice")
            self._age = words("", "notice-age").mark("age")
            ui.link(text.STAGE_LINK, "/stage", new_tab=True).classes("notice-stage")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        told = view.problem or view.ending
        load = view.load
        asked = f"follow-ups by {load.followups}" if load.followups else ""
        texts = "".join(f"   ·   {each}" for each in (load.corpus, asked) if each)
        self._line.set_text(told or self._standing + texts)
        swap(self._box, "notice-", "problem" if told else "calm")
        self._age.set_text(text.data_age(_age(view.cluster_age_s), _age(view.load_age_s)))


def _age(age_s: float | None) -> str:
    if age_s is None or freshness(age_s) == "gone":
        return text.NO_DATA
    return f"{whole(age_s)}\u202fs"
