"""Rate and mix: sliders that send what the presenter wants and show what the service does.

Only moves by hand are listened to (``update:model-value``), so showing a value never sends it.
Limits of widgets live in the browser; whatever arrives is checked here for being a number, and the
service clamps it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from nicegui import events, ui
from nicegui.elements.mixins.disableable_element import DisableableElement

from gtc_panel import text
from gtc_panel.components.basics import box, words
from gtc_panel.components.command import button, here, send
from gtc_panel.mix import rebalance
from gtc_panel.port import PanelPort
from gtc_runtime.view import DemoView
from gtc_spec.errors import UsageError
from gtc_spec.phases import Phase
from gtc_spec.workloads import FACTS, WORKLOADS, Workload, WorkloadMix

HOLD_S: Final = 1.5
"""After a move by hand the sliders stay where they are until the service has caught up."""
THROTTLE_S: Final = 0.1
THUMB: Final = "thumb-size=2.125rem"  # 34 px: the least for a finger


@dataclass(frozen=True)
class _Unsent:
    """Settings that were chosen and not yet sent; None is none."""

    rps: float | None = None
    mix: WorkloadMix | None = None


class LoadSliders:
    """Slider and box for the rate, linked sliders for the mix, and the presets.

    Args:
        panel: Where settings go to.
        clock: Monotonic seconds.
    """

    def __init__(self, panel: PanelPort, clock: Callable[[], float] = time.monotonic) -> None:
        self._panel = panel
        self._clock = clock
        self._moved_at = -math.inf
        self._unsent: _Unsent | None = None
        self._sending = False
        phases = panel.environment.table.phases
        self._mix = phases[0].mix
        self._typing = False
        self._build_rate(panel.environment.load.rps_max, comfortable_rps(phases))
        with box("mix"):
            self._shares = {workload: _ShareSlider(workload, self._share) for workload in WORKLOADS}
        with box("presets"):
            self._presets = [self._preset(phase, title) for phase, title in presets(phases)]

    def _build_rate(self, rps_max: float, slider_max: float) -> None:
        with box("setting"):
            with box("setting-head"):
                words(text.LOAD, "setting-name")
                self._rps_box = ui.number(min=0, max=rps_max, step=0.05, format="%.2f").mark("rps")
                self._rps_box.props('dense borderless hide-bottom-space aria-label="RPS"')
                self._rps_box.classes("rps-box")
                words(text.RPS_UNIT, "muted")
            self._rps = ui.slider(min=0, max=min(rps_max, slider_max), step=0.05, value=0).mark(
                "rps-slider"
            )
            self._rps.props(
                f'aria-label="{text.LOAD}" data-unit="{text.RPS_UNIT}" {THUMB}'
            ).classes("slide")
        _listen(self._rps, self._rate)
        self._rps_box.on("focus", lambda: self._set_typing(True))
        self._rps_box.on("blur", self._typed)
        self._rps_box.on("keydown.enter", self._typed)

    def _preset(self, phase: Phase, title: str) -> ui.button:
        made = button(title, "half").mark(f"preset-{phase.name}")
        made.on_click(lambda: self._set_load(rps=phase.rps, mix=phase.mix))
        return made

    def draw(self, view: DemoView) -> None:
        """Show what the service does, unless a hand is on the sliders."""
        locked = view.mode in text.LOCKED
        shares = [share.slider for share in self._shares.values()]
        widgets: list[DisableableElement] = [self._rps, self._rps_box, *self._presets, *shares]
        for widget in widgets:
            widget.set_enabled(not locked)
        if self._unsent or self._clock() - self._moved_at < HOLD_S:
            return
        mix = mix_of(view)
        if mix is not None:
            self._mix = mix
        # a load that is off may report 0; the slider keeps the rate that Start will send
        self._show(view.load.rps if view.load.running or view.load.rps > 0 else None)

    def _show(self, rps: float | None) -> None:
        if rps is not None:
            self._rps.set_value(round(rps, 2))
            if not self._typing:
                self._rps_box.set_value(round(rps, 2))
        for workload, share in self._shares.items():
            share.show(self._mix[workload])

    async def _rate(self, value: float) -> None:
        await self._set_load(rps=value)

    async def _share(self, workload: Workload, percent: float) -> None:
        await self._set_load(mix=rebalance(self._mix, workload, percent))

    def _set_typing(self, typing: bool) -> None:
        self._typing = typing

    async def _typed(self) -> None:
        value = self._rps_box.value
        self._typing = False
        if value is not None and value != self._rps.value:
            await self._set_load(rps=float(value))

    async def _set_load(self, rps: float | None = None, mix: WorkloadMix | None = None) -> None:
        """Show a setting at once and send it; while one is on its way only the newest waits."""
        self._moved_at = self._clock()
        unsent = self._unsent or _Unsent()
        self._unsent = _Unsent(
            unsent.rps if rps is None else rps, unsent.mix if mix is None else mix
        )
        self._mix = mix or self._mix
        self._show(rps)
        if self._sending:
            return
        self._sending = True
        try:
            while self._unsent is not None:
                now, self._unsent = self._unsent, None
                await send(self._panel.set_load(now.rps, now.mix, by=here()))
        finally:
            self._sending = False


class _ShareSlider:
    def __init__(self, workload: Workload, moved: Callable[[Workload, float], Any]) -> None:
        facts = FACTS[workload]
        with box("setting"):
            with box("setting-head"):
                words(facts.title, "setting-name")
                words(facts.description, "muted setting-what")
                self._percent = words("", "setting-value").mark(f"{workload}-percent")
            self.slider = ui.slider(min=0, max=100, step=1, value=0).mark(workload)
            self.slider.props(f'aria-label="{facts.title}" data-unit=percent {THUMB}').classes(
                "slide"
            )

        async def move(value: float) -> None:
            await moved(workload, value)

        _listen(self.slider, move)

    def show(self, percent: int) -> None:
        self.slider.set_value(percent)
        self._percent.set_text(f"{percent}\u202f%")


def _listen(slider: ui.slider, moved: Callable[[float], Any]) -> None:
    async def handle(event: events.GenericEventArguments) -> None:
        value = number(event.args)
        if value is not None:
            await moved(value)

    slider.on("update:model-value", handle, throttle=THROTTLE_S)


def number(sent: Any) -> float | None:
    """A finite number out of whatever a browser sent, or None."""
    if isinstance(sent, list) and len(sent) == 1:
        sent = sent[0]
    if isinstance(sent, bool) or not isinstance(sent, int | float) or not math.isfinite(sent):
        return None
    return float(sent)


def comfortable_rps(phases: tuple[Phase, ...]) -> float:
    """Where the rate slider ends: half as much again as the show ever asks; the box goes on."""
    return float(math.ceil(1.5 * max(phase.rps for phase in phases)))


def mix_of(view: DemoView) -> WorkloadMix | None:
    """The mix that the service reports, None when it reports none."""
    try:
        return WorkloadMix.of(view.load.mix)
    except UsageError:
        return None


def presets(phases: tuple[Phase, ...]) -> list[tuple[Phase, str]]:
    """The phases whose load makes a preset, with their titles."""
    by_name = {str(phase.name): phase for phase in phases}
    return [(by_name[name], title) for name, title in text.PRESETS if name in by_name]
