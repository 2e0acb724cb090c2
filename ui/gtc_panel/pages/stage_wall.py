"""The stage as a wall: the nine tiles of a dashboard, where there is no Grafana."""

from __future__ import annotations

from gtc_panel.components.basics import box
from gtc_panel.components.charts import specs
from gtc_panel.components.stage.latency import Latency
from gtc_panel.components.stage.layout import Layout, of_view
from gtc_panel.components.stage.numbers import Activity, CacheReuse, Flight
from gtc_panel.components.stage.timeline import PhaseTimeline
from gtc_panel.components.stage.tokens import Tokens
from gtc_panel.components.stage.verdicts import Verdicts
from gtc_panel.components.stage.workers import WorkerSlots
from gtc_panel.port import PanelPort


def lay_out(panel: PanelPort) -> Layout:
    """Build the tiles where the page stands."""
    slo = panel.environment.slo
    timeline = PhaseTimeline(panel, sentence=True)
    with box("stage-row stage-charts"):
        verdicts = Verdicts(panel)
        latencies = [Latency(spec) for spec in specs(slo.ttft_p95_s, slo.itl_p95_s * 1000)]
    with box("stage-row stage-numbers"):
        workers, flight, cache = WorkerSlots(panel), Flight(), CacheReuse()
        activity, tokens = Activity(), Tokens()
    told = of_view(verdicts, workers, flight, cache, activity, tokens, *latencies)
    return Layout(
        draws=(timeline.draw, *told),
        charts=(*(latency.browser_spec for latency in latencies), tokens.browser_spec),
    )
