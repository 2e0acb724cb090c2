"""The distributions of two runs over each other, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl
import matplotlib.ticker
from matplotlib.axes import Axes

from gtc_cli.load.reports.plots import svg

JSON = Mapping[str, Any]

_LINES = {"a": ("#0b62c4", "-"), "b": ("#c2410c", "--")}
_TITLES = {"ttft": "TTFT, s", "itl": "ITL, s", "e2e": "E2E, s"}


def drawings(a: JSON, b: JSON) -> dict[str, str]:
    """A drawing a latency: the share of samples at or below, of both runs."""

    def maker(latency: str) -> Callable[[Axes], None]:
        return lambda axes: _draw(axes, {"a": a, "b": b}, latency)

    return {latency: svg(f"against_{latency}", maker(latency)) for latency in _TITLES}


def _draw(axes: Axes, reports: Mapping[str, JSON], latency: str) -> None:
    for name, report in reports.items():
        histogram = report["histograms"]["all"][latency]
        total, seen = sum(count for _, count in histogram), 0
        shares = [100 * (seen := seen + count) / total for _, count in histogram]
        colour, style = _LINES[name]
        bounds = [bound_s for bound_s, _ in histogram]
        axes.step(bounds, shares, where="post", label=name, color=colour, linestyle=style)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.set(xlabel=_TITLES[latency], ylabel="% of samples at or below")
    axes.legend(frameon=False)
