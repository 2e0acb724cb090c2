"""The drawings of a report as SVG, ready to stand inside a page.

Made from the report document alone, so that a page can be made again from its JSON.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from itertools import cycle
from typing import Any, Final

import matplotlib as mpl
import matplotlib.ticker
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from gtc_cli.load.words import KEYS, shown
from gtc_spec.colours import INKS
from gtc_spec.workloads import STATS

JSON = dict[str, Any]

_STYLES: Final = ("-", "--", "-.", ":")
_LINES: Final[dict[str, JSON]] = {
    key: {"color": INKS[ink], "linestyle": style, "linewidth": 1.5}
    for (key, ink), style in zip(
        [*((stat.key, stat.ink) for stat in STATS), ("own", "violet"), ("own_turn2plus", "lilac")],
        cycle(_STYLES),
        strict=False,
    )
}
"""How a line looks, by its key. Each has a style as well as a colour: pages are printed in grey."""
OUTCOMES: Final = (
    ("good", "good", "#3f7d20", ""),
    ("late", "ok, goals missed", "#d9a514", "//"),
    ("failed", "failed", "#b42318", "xx"),
    ("shed", "shed", "#6b7280", ".."),
)
_SIZE_IN: Final = (5.2, 2.5)
_RC: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9ca3af",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e5e7eb",
    "hatch.linewidth": 0.5,
    "hatch.color": "#ffffff",
}


def drawings(document: JSON) -> dict[str, str]:
    """Every drawing by its name: latencies as course and as spread, goodput and outcomes."""
    makers: dict[str, Callable[[Axes], None]] = {
        "ttft": lambda axes: _course(axes, document, "ttft", "TTFT p95, s", 1000.0),
        "itl": lambda axes: _course(axes, document, "itl", "ITL p95, ms", 1.0),
        "ttft_spread": lambda axes: _spread(axes, document, "ttft", "TTFT, s", 1.0),
        "itl_spread": lambda axes: _spread(axes, document, "itl", "ITL, ms", 1000.0),
        "goodput": lambda axes: _goodput(axes, document),
        "outcomes": lambda axes: _outcomes(axes, document),
    }
    return {name: svg(name, make) for name, make in makers.items()}


def svg(name: str, make: Callable[[Axes], None]) -> str:
    """A drawing under a name that is unique within its page."""
    with mpl.rc_context({**_RC, "svg.hashsalt": name}):
        figure = Figure(figsize=_SIZE_IN)
        figure.subplots_adjust(left=0.12, right=0.98, bottom=0.19, top=0.86)
        make(figure.add_subplot())
        out = io.StringIO()
        FigureCanvasSVG(figure)
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)  # unique within the page


def _course(axes: Axes, document: JSON, measure: str, title: str, per_unit: float) -> None:
    """p95 of each workload over the time of the run, and the goal."""
    for key in shown(document["figures"]):
        points = [
            (each["at_s"] + each["step_s"] / 2, each[key][f"{measure}_p95_ms"] / per_unit)
            for each in document["course"]
            if key != "all" and each[key][f"{measure}_p95_ms"] is not None
        ]
        if points:
            axes.plot(*zip(*points, strict=True), label=KEYS[key], **_LINES[key])
    goal = (document["run"]["slo"] or {}).get(f"{measure}_s")
    if goal is not None:
        axes.axhline(goal * 1000 / per_unit, color="#6b7280", linewidth=1, label="goal")
    axes.set(xlabel="seconds of the run", ylabel=title)
    axes.set_ylim(bottom=0)
    _legend(axes)


def _spread(axes: Axes, document: JSON, measure: str, title: str, per_unit: float) -> None:
    """Cumulative distribution of each workload, on a logarithmic scale of time."""
    for key in shown(document["figures"]):
        histogram = document["histograms"][key][measure]
        if key == "all" or not histogram:
            continue
        total, seen = sum(count for _, count in histogram), 0
        xs, ys = [histogram[0][0] * per_unit], [0.0]
        for bound_s, count in histogram:
            seen += count
            xs.append(bound_s * per_unit)
            ys.append(100 * seen / total)
        axes.step(xs, ys, where="post", label=KEYS[key], **_LINES[key])
    goal = (document["run"]["slo"] or {}).get(f"{measure}_s")
    if goal is not None:
        axes.axvline(goal * per_unit, color="#6b7280", linewidth=1, label="goal")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.xaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.set(xlabel=title, ylabel="% of samples at or below")
    axes.set_ylim(0, 101)
    _legend(axes)


def _goodput(axes: Axes, document: JSON) -> None:
    """Share of the requests due in each step that met every goal."""
    for key in shown(document["figures"]):
        points = [
            (each["at_s"] + each["step_s"] / 2, 100 * each[key]["good"] / ended)
            for each in document["course"]
            if key != "all" and (ended := each[key]["ok"] + each[key]["failed"] + each[key]["shed"])
        ]
        if points:
            axes.plot(*zip(*points, strict=True), label=KEYS[key], **_LINES[key])
    axes.set(xlabel="seconds of the run", ylabel="goodput, % of requests due")
    axes.set_ylim(-2, 102)
    _legend(axes)


def _outcomes(axes: Axes, document: JSON) -> None:
    """How the requests due in each step ended, stacked, in requests a second."""
    course = document["course"]
    xs = [each["at_s"] for each in course]
    widths = [each["step_s"] for each in course]
    bottom = [0.0] * len(course)
    for name, label, colour, hatch in OUTCOMES:
        heights = [_ended(each["all"], name) / each["step_s"] for each in course]
        if any(heights):
            axes.bar(
                xs, heights, widths, bottom, align="edge", color=colour, hatch=hatch, label=label,
                linewidth=0,
            )  # fmt: skip
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    if (offered_rps := document["run"]["offered_rps"]) is not None:
        axes.axhline(offered_rps, color="#1f2937", linewidth=1, linestyle="--", label="offered")
    axes.set(xlabel="seconds of the run", ylabel="requests/s")
    _legend(axes)


def _ended(point: JSON, name: str) -> int:
    return int(point["ok"] - point["good"] if name == "late" else point[name])


def _legend(axes: Axes) -> None:
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            frameon=False, ncols=5, loc="lower left", bbox_to_anchor=(-0.1, 1), fontsize=8,
            columnspacing=1, handlelength=1.6, borderaxespad=0.2,
        )  # fmt: skip
