"""Sizes and the style sheet: the only place that knows how the panel looks.

Sizes are in rem and one rem is 1/67.5 of the screen's height (16 px at 1920x1080), so that the page
fits any 16:9 display without scrolling.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from gtc_spec.colours import COLOURS

STATIC: Final = Path(__file__).parent / "static"
STYLES: Final = (
    "access.css",
    "panel.css",
    "control/controls.css",
    "charts.css",
    "stage/strip.css",
    "stage/stage.css",
    "stage/wall.css",
    "stage/story.css",
    "stage/small.css",
    "health.css",
    "presence.css",
    "control/remote.css",
)
PLAIN: Final = "plain.css"
DOCS: Final = "docs.css"
SCRIPTS: Final = (
    "presence.js",
    "control/delivered.js",
    "control/keys.js",
    "chart_scale.js",
    "chart_names.js",
    "chart_hover.js",
    "charts.js",
    "sliders.js",
)

FONT: Final = "Inter, Roboto, 'Segoe UI', system-ui, sans-serif"
"""Roboto ships with the page library, so an air-gapped machine has at least that one."""

SIZES_REM: Final[dict[str, float]] = {
    "label": 1.125,  # 18 px: the least that the presenter reads
    "body": 1.25,
    "lead": 1.625,
    "figure": 2.75,  # 44 px: read across a booth
    "hero": 3.5,
}

STAGE_SIZES_REM: Final[dict[str, float]] = {
    "stage-label": 1.9375,  # 31 px: 16 arc minutes at 3 m on a 55-inch screen
    "stage-lead": 2.25,
    "stage-name": 2.5,
    "stage-second": 2.75,
    "stage-title": 4.0,
    "stage-least": 4.5,  # 72 px: no main figure of a tile is smaller
    "stage-number": 5.0,
    "stage-claim": 4.75,
    "stage-latency": 5.5,
    "stage-spotlight": 7.0,  # 112 px: the one number of a phase
}
"""Sizes of the stage page, which is read from three metres away."""

FAVICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    f'<rect x="2" y="4" width="12" height="24" rx="3" fill="{COLOURS["prefill"]}"/>'
    f'<rect x="18" y="4" width="12" height="24" rx="3" fill="{COLOURS["decode"]}"/></svg>'
)
"""One prefill tile and one decode tile."""


def style_sheet() -> str:
    """The tokens as CSS variables, followed by the rules that use them."""
    return _sheet(*STYLES)


def plain_sheet() -> str:
    """The same for pages that are only words."""
    return _sheet(PLAIN)


def docs_sheet() -> str:
    """The same for the page about the routes."""
    return _sheet(DOCS)


@cache  # every page has it in its head, and pages are built while the show runs
def _sheet(*styles: str) -> str:
    tokens = [f"--{name}: {value};" for name, value in COLOURS.items()]
    sizes = {**SIZES_REM, **STAGE_SIZES_REM}
    tokens += [f"--size-{name}: {value}rem;" for name, value in sizes.items()]
    rules = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in styles)
    return f":root {{ {' '.join(tokens)} --font: {FONT}; }}\n{rules}"


@cache
def script() -> str:
    """The browser's part: the watch on silence, Stop, keys, charts, and names on sliders."""
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)
