"""Rate and mix: they send what the presenter wants and show what the service does.

Limits of widgets live in the browser; whatever arrives is checked for being a number, and the
service clamps it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from nicegui import ui

from gtc_panel import text
from gtc_panel.components.basics import box, words
from gtc_panel.components.command import button, here, send
from gtc_panel.components.control.keys import keyed
from gtc_panel.components.control.rate import RateSetting, comfortable_rps
from gtc_panel.components.control.slide import SLIDER, listen
from gtc_panel.mix import Slide
from gtc_panel.port import PanelPort
from gtc_runtime.view import DemoView
from gtc_spec.errors import UsageError
from gtc_spec.phases import Phase
from gtc_spec.workloads import FACTS, WORKLOADS, Workload, WorkloadMix

HOLD_S: Final = 1.5
"""After a move by hand the sliders stay where they are until the service has caught up."""


@dataclass(frozen=True)
class _Unsent:
    """Settings that were chosen and not yet sent; None is none."""

    rps: float | None = None
    mix: WorkloadMix | None = None


class LoadSliders:
    """The rate, linked sliders for the mix, and the presets.

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
        self._mix, self._slide = phases[0].mix, Slide()
        self._rate_setting = RateSetting(
            panel.environment.load.rps_max, comfortable_rps(phases), self._rate
        )
        with box("mix"):
            self._shares = {workload: _ShareSlider(workload, self._share) for workload in WORKLOADS}
        with box("presets"):
            places = enumerate(preset_phases(phases), 1)
            self._presets = [self._preset(phase, str(place)) for place, phase in places]

    def _preset(self, phase: Phase, key: str) -> ui.button:
        made = button(text.phase_title(phase.name), "half").mark(f"preset-{phase.name}")
        return keyed(made, key).on_click(lambda: self._set_load(rps=phase.rps, mix=phase.mix))

    def draw(self, view: DemoView) -> None:
        """Show what the service does, unless a hand is on the sliders."""
        free = view.mode not in text.LOCKED
        self._rate_setting.set_enabled(free)
        for share in self._shares.values():
            share.set_enabled(free)
        for preset in self._presets:
            preset.set_enabled(free)
        if self._unsent or self._clock() - self._moved_at < HOLD_S:
            return
        mix = mix_of(view)
        if mix is not None:
            self._mix = mix
        # a load that is off may report 0; the slider keeps the rate that Start will send
        self._show(view.load.rps if view.load.running or view.load.rps > 0 else None)

    def _show(self, rps: float | None) -> None:
        if rps is not None:
            self._rate_setting.show(rps)
        for workload, share in self._shares.items():
            share.show(self._mix[workload])

    async def _rate(self, rps: float) -> None:
        await self._set_load(rps=rps)

    async def _share(self, workload: Workload, percent: float) -> None:
        await self._set_load(mix=self._slide.to(self._mix, workload, percent))

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
    def __init__(
        self, workload: Workload, moved: Callable[[Workload, float], Awaitable[None]]
    ) -> None:
        facts = FACTS[workload]
        with box("setting share"):
            with box("setting-head"):
                words(facts.title, "setting-name")
                words(facts.description, "muted setting-what")
                self._percent = words("", "setting-value").mark(f"{workload}-percent")
            self._slider = ui.slider(min=0, max=100, step=1, value=0).mark(workload)
            self._slider.props(f'aria-label="{facts.title}" data-unit=percent {SLIDER}')
            self._slider.classes("slide")

        async def move(value: float) -> None:
            await moved(workload, value)

        listen(self._slider, move)

    def set_enabled(self, enabled: bool) -> None:
        self._slider.set_enabled(enabled)

    def show(self, percent: int) -> None:
        self._slider.set_value(percent)
        self._percent.set_text(f"{percent}\u202f%")


def mix_of(view: DemoView) -> WorkloadMix | None:
    """The mix that the service reports, None when it reports none."""
    try:
        return WorkloadMix.of(view.load.mix)
    except UsageError:
        return None


def preset_phases(phases: tuple[Phase, ...]) -> list[Phase]:
    """The phases whose load makes a preset, in the order of their buttons."""
    by_name = {str(phase.name): phase for phase in phases}
    return [by_name[name] for name in text.PRESETS if name in by_name]
