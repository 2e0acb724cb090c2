"""Lets a page tell by its own clock how old its figures are, and that it hears nothing.

A server that hangs cannot say so. Ages are sent with every tick and counted on in the browser
(static/presence.js); what hears nothing is greyed there and later blank.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from nicegui import ui

from gtc_panel import text
from gtc_panel.bridge import Bridge
from gtc_panel.components.basics import words
from gtc_runtime.view import BLANK_AFTER_S, STALE_AFTER_S, DemoView

SILENT_AFTER_S: Final = 5.0
"""A page that hears nothing for so long says so, and nothing on it can be pressed but what goes by
plain HTTP."""


def listen(bridge: Bridge) -> None:
    """Watch over the page that is being built, which draws the ticks of the bridge."""
    tell = watch()
    tell(bridge.latest.view)
    bridge.ticks.subscribe(lambda tick: tell(tick.view))


def watch() -> Callable[[DemoView], None]:
    """Watch over the page that is being built; returns what to call with every view it hears of."""
    setup = {
        "silentS": SILENT_AFTER_S,
        "staleS": STALE_AFTER_S,
        "blankS": BLANK_AFTER_S,
        "silence": text.SILENCE,
        "ages": text.DATA_AGE,
        "noData": text.NO_DATA,
    }
    at_once("gtcPresence.start", setup)

    def tell(view: DemoView) -> None:
        ages = {"cluster": view.cluster_age_s, "load": view.load_age_s}
        ui.run_javascript(f"gtcPresence.heard({json.dumps(ages)})")

    return tell


def at_once(function: str, *given: object) -> None:
    """Call a function of our scripts while the page loads, before it has a connection."""
    ui.add_head_html(f"<script>{function}({', '.join(map(json.dumps, given))})</script>")


def ages() -> ui.label:
    """The line of ages; the browser writes it, for its clock goes on when nothing is heard."""
    unknown = text.DATA_AGE.format(cluster=text.NO_DATA, load=text.NO_DATA)
    return words(unknown, "ages").mark("age")
