"""The head of the page: which cluster this is, who scales, whether the figures can be trusted."""

from __future__ import annotations

from nicegui import ui

from gtc_panel import control_text, stage_text, text
from gtc_panel.components.basics import box, swap, tip, words
from gtc_runtime.formats import NO_DATA
from gtc_runtime.view import DemoView


class Badges:
    """Title and badges; always the same height."""

    def __init__(self) -> None:
        with box("head"):
            with ui.element("h1").classes("title"):
                words(text.TITLE)
            with box("badges"):
                with box("badge badge-cluster") as self._cluster:
                    self._name = words(NO_DATA).mark("cluster")
                    self._note = words("", "cluster-note").mark("cluster-note")
                self._scaler = _ScalerBadge()
                with box("badge badge-light") as self._light:
                    self._sign = words("○", "light-sign")
                    self._sentence = words("", "").mark("light")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        self._name.set_text(f"{view.cluster} · {view.environment}")
        self._note.set_text(cluster_note(view))
        kind = "recorded" if view.recorded else view.cluster.lower() or "unknown"
        swap(self._cluster, "cluster-", kind)
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
                self._holder = words("", "muted").mark("since")
                self._keda = words("", "muted").mark("keda")

    def draw(self, view: DemoView) -> None:
        for name, label in self._names.items():
            swap(label, "who-", "lit" if name == view.control.scaler else "dark")
        control = view.control
        since, holder = control_text.since(control.since, control.by), text.holder(view.holder)
        self._holder.set_text(since or holder)
        self._keda.set_text(text.KEDA[view.keda])
        tip(self._holder, f"{since} · {holder}" if since else holder)
        tip(self._keda, view.keda_detail)


def cluster_note(view: DemoView) -> str:
    """What else must be known of the cluster: that it is a recording, or what it costs."""
    if view.recorded:
        return stage_text.recorded(view.recorded)
    return "" if view.usd_h is None else control_text.cost(view.usd_h)
