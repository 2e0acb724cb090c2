"""The audience's page at ``/stage``: nine tiles to be read from three metres, nothing to press.

It stands in for the wall of dashboards where there is no Grafana. It must not send a command.
"""

from __future__ import annotations

from nicegui import ui

from gtc_panel import theme
from gtc_panel.bridge import Bridge, Tick
from gtc_panel.components.announcer import Announcer
from gtc_panel.components.basics import box
from gtc_panel.components.charts import push, specs, start
from gtc_panel.components.presence import listen
from gtc_panel.components.stage.head import Alarm, Head
from gtc_panel.components.stage.latency import STYLE, Latency
from gtc_panel.components.stage.numbers import Activity, CacheReuse, Flight
from gtc_panel.components.stage.timeline import PhaseTimeline
from gtc_panel.components.stage.tokens import Tokens
from gtc_panel.components.stage.trust import TrustStripe
from gtc_panel.components.stage.verdicts import Verdicts
from gtc_panel.components.stage.workers import WorkerSlots
from gtc_panel.port import PanelPort


def build(panel: PanelPort, bridge: Bridge) -> None:
    """Lay the page out, draw it once, and again with every tick of the bridge."""
    ui.dark_mode(True)
    ui.add_css(theme.style_sheet())
    ui.add_head_html(f"<script>{theme.script()}</script>")
    slo = panel.environment.slo
    with box("stage"):
        head, trust = Head(panel), TrustStripe()
        timeline = PhaseTimeline(panel, sentence=True)
        with box("stage-row stage-charts"):
            verdicts = Verdicts(panel)
            latencies = [Latency(spec) for spec in specs(slo.ttft_p95_s, slo.itl_p95_s * 1000)]
        with box("stage-row stage-numbers"):
            workers, flight, cache = WorkerSlots(panel), Flight(), CacheReuse()
            activity, tokens = Activity(), Tokens()
    alarm, announcer = Alarm(), Announcer()
    charts = [latency.browser_spec for latency in latencies]
    start(panel, bridge, [*charts, tokens.browser_spec], STYLE)
    known = None

    def draw(tick: Tick) -> None:
        nonlocal known
        timeline.draw(tick)
        for latency in latencies:
            latency.draw(tick.view)
        told = (head, trust, verdicts, workers, flight, cache, activity, tokens, alarm, announcer)
        for part in told:
            part.draw(tick.view)
        push(tick, tick.markers if tick.markers != known else None)
        known = tick.markers

    listen(bridge)
    draw(bridge.latest)
    bridge.ticks.subscribe(draw)
