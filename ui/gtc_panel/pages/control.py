"""The presenter's page at ``/``: everything to see and everything to do, on one screen."""

from __future__ import annotations

import asyncio

from nicegui import ui

from gtc_panel import theme
from gtc_panel.bridge import Bridge, Tick
from gtc_panel.components.announcer import Announcer
from gtc_panel.components.badges import Badges
from gtc_panel.components.basics import box
from gtc_panel.components.charts import Charts
from gtc_panel.components.claim_card import ClaimCard
from gtc_panel.components.control.controls import Controls
from gtc_panel.components.control.notice import Notice
from gtc_panel.components.control.presenter import Presenter
from gtc_panel.components.events import Events
from gtc_panel.components.fidelity import Fidelity
from gtc_panel.components.key_numbers import KeyNumbers
from gtc_panel.components.phase_strip import PhaseStrip
from gtc_panel.components.pool_tiles import PoolTiles
from gtc_panel.components.presence import listen
from gtc_panel.components.workload_table import WorkloadTable
from gtc_panel.port import PanelPort
from gtc_panel.recorded.screen import Screen


async def build(panel: PanelPort, bridge: Bridge, screen: Screen | None = None) -> None:
    """Lay the page out, draw it once, and again with every tick of the bridge.

    In pieces, between which it is the turn of others: whoever opens a page stops no command.

    Args:
        panel: What is shown and commanded.
        bridge: Draws it.
        screen: Where a recording can be shown instead; None offers none.
    """
    ui.dark_mode(True)
    ui.add_css(theme.style_sheet())
    ui.add_head_html(f"<script>{theme.script()}</script>")
    with box("page"):
        badges, notice, strip = Badges(), Notice(panel, screen), PhaseStrip(panel)
        with box("story"):
            claim, fidelity, presenter = ClaimCard("card"), Fidelity(), Presenter(panel)
        announcer = Announcer()
        await asyncio.sleep(0)
        with box("main"):
            with box("rail"):
                controls = Controls(panel)
            await asyncio.sleep(0)
            with box("rail"):
                pools, charts = PoolTiles(panel), Charts(panel, bridge)
            await asyncio.sleep(0)
            with box("rail"):
                numbers, workloads, events = KeyNumbers(), WorkloadTable(), Events()
    await asyncio.sleep(0)

    told = badges, notice, announcer, claim, fidelity, presenter, controls
    shown = pools, numbers, workloads, events

    def draw(tick: Tick) -> None:
        for part in (*told, *shown):
            part.draw(tick.view)
        strip.draw(tick)
        charts.draw(tick)

    listen(bridge)
    draw(bridge.latest)
    bridge.ticks.subscribe(draw)
