"""Both charts on the control page: a card each, with its figures beside it."""

from __future__ import annotations

from gtc_panel import text
from gtc_panel.bridge import Bridge, Marker, Tick
from gtc_panel.components.basics import Figure, box, heading, swap, words
from gtc_panel.components.charts.canvas import Canvas
from gtc_panel.components.charts.expected import Expected
from gtc_panel.components.charts.feed import push, start
from gtc_panel.components.charts.legend import legend, sample
from gtc_panel.components.charts.spec import CONTROL, ChartSpec, specs
from gtc_panel.port import PanelPort
from gtc_runtime import formats
from gtc_runtime.view import DemoView, Quantiles, freshness


class Charts:
    """Both chart cards; they share the time axis and the vertical lines."""

    def __init__(self, panel: PanelPort, bridge: Bridge) -> None:
        slo = panel.environment.slo
        drawn = specs(slo.ttft_p95_s, slo.itl_p95_s * 1000)
        self._cards = {spec.key: _ChartCard(spec) for spec in drawn}
        self._markers: tuple[Marker, ...] = ()
        start(panel, bridge, [card.canvas.browser_spec for card in self._cards.values()], CONTROL)

    def draw(self, tick: Tick) -> None:
        """Show one tick: numbers here, the new row in the browser."""
        for card in self._cards.values():
            card.draw(tick.view)
        changed = tick.markers != self._markers
        self._markers = tick.markers
        push(tick, tick.markers if changed else None)


class _ChartCard:
    def __init__(self, spec: ChartSpec) -> None:
        self._spec = spec
        with box(f"card chart-card role-{spec.colour}"):
            with box("chart-side"):
                heading(spec.title[0], "chart-title")
                words(spec.title[1], "muted chart-subtitle")
                self._p95 = _NamedFigure(text.P95, "solid", "figure-hero")
                self._p50 = _NamedFigure(text.P50, "dashed", "figure-lesser")
                self._expected = Expected(spec)
                self._verdict = words("", "chart-goal").mark(f"{spec.key}-verdict")
            with box("chart-body"):
                legend(spec)
                self.canvas = Canvas(spec, CONTROL)

    def draw(self, view: DemoView) -> None:
        self.canvas.draw(view)
        self._expected.draw(view)
        fresh = freshness(view.load_age_s)
        every = view.workloads.get("all")
        shown: Quantiles = getattr(every, self._spec.key) if every else Quantiles()
        self._p95.figure.show(formats.latency(shown.p95_ms), fresh)
        self._p50.figure.show(formats.latency(shown.p50_ms), fresh)
        goal_ms = self._spec.goal_ms
        over = fresh == "fresh" and shown.p95_ms is not None and shown.p95_ms > goal_ms
        self._verdict.set_text(text.verdict(formats.latency(goal_ms).narrow, over=over))
        swap(self._verdict, "over-", "yes" if over else "no")


class _NamedFigure:
    """A figure, its name and the line that it has in the chart."""

    def __init__(self, name: str, line: str, classes: str) -> None:
        with box("named-figure"):
            self.figure = Figure(classes)
            with box("figure-name"):
                sample(line)
                words(name, "muted")
