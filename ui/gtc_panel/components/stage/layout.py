"""What a layout of the stage hands to its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from gtc_panel.bridge import Tick
from gtc_runtime.view import DemoView


@dataclass(frozen=True)
class Layout:
    """A layout that stands on the page.

    Attributes:
        draws: What shows one tick, part by part.
        charts: What the browser must know of each chart, see `gtc_panel.components.charts.start`.
    """

    draws: tuple[Callable[[Tick], None], ...]
    charts: tuple[dict[str, Any], ...]


class Part(Protocol):
    """What shows one view."""

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        ...


def of_view(*parts: Part) -> tuple[Callable[[Tick], None], ...]:
    """Parts that need nothing of a tick but its view."""
    return tuple(_drawing(part) for part in parts)


def _drawing(part: Part) -> Callable[[Tick], None]:
    return lambda tick: part.draw(tick.view)
