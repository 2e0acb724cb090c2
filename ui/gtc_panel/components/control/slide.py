"""What all sliders have in common: a thumb for a finger, and a check on what a browser sends.

Only moves by hand are listened to (``update:model-value``), so showing a value never sends it.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any, Final

from nicegui import events, ui

THROTTLE_S: Final = 0.1
SLIDER: Final = "thumb-size=2.125rem"  # 34 px, in a row of 48 px: the least for a finger


def listen(slider: ui.slider, moved: Callable[[float], Awaitable[None]]) -> None:
    """Tell of every move by hand."""

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
