"""The rate: a slider for the usual range, and a box that goes on to the limit.

What is typed beyond the limits is not lost in silence: the box says what it takes and shows what
is used.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui

from gtc_panel import control_text, text
from gtc_panel.components.basics import box, words
from gtc_panel.components.control.slide import SLIDER, listen
from gtc_spec.phases import Phase

STEP_RPS: Final = 0.05


class RateSetting:
    """Slider and box.

    Args:
        rps_max: The limit of the box.
        slider_max: Where the slider ends while the rate is not above it.
        moved: Told the rate that was chosen, within the limits.
    """

    def __init__(
        self, rps_max: float, slider_max: float, moved: Callable[[float], Awaitable[None]]
    ) -> None:
        self._rps_max, self._slider_max, self._moved = rps_max, min(rps_max, slider_max), moved
        self._typing = False
        with box("setting rate"):
            with box("setting-head").mark("rps-head") as head:
                words(text.LOAD, "setting-name")
                self._note = words("", "rate-note").props('role="status"').mark("rate-note")
                self._box = ui.number(step=STEP_RPS, format="%.2f").mark("rps").classes("rps-box")
                self._box.props('dense borderless hide-bottom-space aria-label="RPS"')
                words(text.RPS_UNIT, "muted")
            self._slider = ui.slider(min=0, max=self._slider_max, step=STEP_RPS, value=0)
            self._slider.props(f'aria-label="{text.LOAD}" data-unit="{text.RPS_UNIT}" {SLIDER}')
            self._slider.classes("slide").mark("rps-slider")
        listen(self._slider, self._slid)
        head.on("giveup", self._cancel, [])
        self._box.on("update:model-value", self._began, [])
        self._box.on("blur", self._typed)
        self._box.on("keydown.enter", self._typed)

    def set_enabled(self, enabled: bool) -> None:
        """Whether a hand may move it."""
        self._slider.set_enabled(enabled)
        self._box.set_enabled(enabled)

    def show(self, rps: float) -> None:
        """Show a rate; the box is left alone while somebody types."""
        self._stretch(rps)
        self._slider.set_value(round(rps, 2))
        if not self._typing:
            self._box.set_value(round(rps, 2))

    def _cancel(self) -> None:
        """Esc while typing: forget what was typed."""
        self._typing = False
        self._note.set_text("")
        self._box.set_value(self._slider.value)

    def _stretch(self, rps: float) -> None:
        """Let the slider end where the thumb can show the rate."""
        end = self._rps_max if rps > self._slider_max else self._slider_max
        if self._slider.props["max"] != end:
            self._slider.props["max"] = end

    def _began(self) -> None:
        self._typing = True
        self._note.set_text("")

    async def _slid(self, value: float) -> None:
        self._note.set_text("")
        await self._moved(within(value, self._rps_max))

    async def _typed(self) -> None:
        if not self._typing:
            return
        self._typing = False
        wanted = self._box.value
        used = self._slider.value if wanted is None else within(float(wanted), self._rps_max)
        self._note.set_text("" if used == wanted else control_text.limits(0, self._rps_max))
        self._box.set_value(used)
        if used != self._slider.value:
            await self._moved(used)


def within(rps: float, rps_max: float) -> float:
    """The rate that is used when this one is asked for; what is no number counts as none."""
    return 0.0 if math.isnan(rps) else min(max(rps, 0.0), rps_max)


def comfortable_rps(phases: tuple[Phase, ...]) -> float:
    """Where the rate slider ends: half as much again as the show ever asks; the box goes on."""
    return float(math.ceil(1.5 * max(phase.rps for phase in phases)))
