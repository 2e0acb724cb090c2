"""The stage as a story: what happens, what was shown, two curves, one number, a request's path."""

from __future__ import annotations

from gtc_panel.components.basics import box
from gtc_panel.components.charts import specs
from gtc_panel.components.stage.curve import Curve
from gtc_panel.components.stage.layout import Layout, of_view
from gtc_panel.components.stage.path import RequestPath
from gtc_panel.components.stage.spotlight import Spotlight
from gtc_panel.components.stage.telling import Telling
from gtc_panel.components.stage.timeline import PhaseTimeline
from gtc_panel.port import PanelPort


def lay_out(panel: PanelPort) -> Layout:
    """Build the tiles where the page stands."""
    slo = panel.environment.slo
    timeline = PhaseTimeline(panel, sentence=False)
    with box("stage-row story-told"):
        telling, spotlight = Telling(panel), Spotlight(panel)
    with box("stage-row stage-charts"):
        curves = [Curve(spec) for spec in specs(slo.ttft_p95_s, slo.itl_p95_s * 1000)]
    path = RequestPath(panel)
    return Layout(
        draws=(timeline.draw, *of_view(telling, spotlight, path, *curves)),
        charts=tuple(curve.browser_spec for curve in curves),
    )
