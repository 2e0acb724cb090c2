"""The audience's page at ``/stage``, to be read from three metres, with nothing to press.

It has two layouts: a story, and a wall of tiles. Shared parts are put around both here. It must not
send a command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Literal

from nicegui import ui

from gtc_panel import theme
from gtc_panel.bridge import Bridge, Tick
from gtc_panel.components.announcer import Announcer
from gtc_panel.components.basics import box
from gtc_panel.components.charts import push, start
from gtc_panel.components.presence import listen
from gtc_panel.components.stage.head import Alarm, Head
from gtc_panel.components.stage.latency import STYLE
from gtc_panel.components.stage.layout import Layout, of_view
from gtc_panel.components.stage.trust import TrustStripe
from gtc_panel.pages import stage_story, stage_wall
from gtc_panel.port import PanelPort

Name = Literal["story", "wall"]
LAYOUTS: Final[Mapping[Name, Callable[[PanelPort], Layout]]] = {
    "story": stage_story.lay_out,
    "wall": stage_wall.lay_out,
}


async def build(panel: PanelPort, bridge: Bridge, layout: Name = "story") -> None:
    """Lay the page out, draw it once, and again with every tick of the bridge.

    In pieces, between which it is the turn of others: whoever opens a page stops no command.
    """
    ui.dark_mode(True)
    ui.add_css(theme.style_sheet())
    ui.add_head_html(f"<script>{theme.script()}</script>")
    with box(f"stage stage-{layout}"):
        head, trust = Head(panel), TrustStripe()
        await asyncio.sleep(0)
        made = LAYOUTS[layout](panel)
    await asyncio.sleep(0)
    draws = (*of_view(head, trust, Alarm(), Announcer()), *made.draws)
    start(panel, bridge, list(made.charts), STYLE)
    known = None

    def draw(tick: Tick) -> None:
        nonlocal known
        for show in draws:
            show(tick)
        push(tick, tick.markers if tick.markers != known else None)
        known = tick.markers

    listen(bridge)
    draw(bridge.latest)
    bridge.ticks.subscribe(draw)
