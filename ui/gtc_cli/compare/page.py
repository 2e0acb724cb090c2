"""The comparison as one HTML file that needs nothing else: a table, and bars for each measure."""

from __future__ import annotations

import html
from typing import Any, Final

from matplotlib.axes import Axes

from gtc_cli.compare.report import LEGS, MEASURES
from gtc_cli.load.reports.plots import svg
from gtc_runtime.formats import NO_DATA

JSON = dict[str, Any]
BARS: Final = {"disaggregated": ("#0b62c4", ""), "aggregated": ("#d9a514", "//")}
STYLE: Final = (
    "body{font:15px sans-serif;color:#1f2937;max-width:72rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.25rem .8rem;border-bottom:1px solid #e5e7eb;"
    "text-align:right}td:first-child,th:first-child,td:nth-child(2){text-align:left}"
    "figure{display:inline-block;margin:1rem 1rem 0 0}"
)


def page(document: JSON) -> str:
    """The page of a comparison."""
    run, rows = document["run"], document["verdicts"]
    facts = (
        f"{run['started']}, environment {run['environment']}, {run['gpus']} GPUs:"
        f" {run['ratio']} against {run['gpus']} aggregated; {run['seconds']:g} s a load,"
        f" seed {run['seed']}; {run['where']}"
    )
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in document["summary"])
    notes = "".join(f"<li>{html.escape(line)}</li>" for line in document["notes"])
    head = "<tr><th>load</th><th>measure</th>" + "".join(f"<th>{leg}</th>" for leg in LEGS)
    body = "".join(_row(row) for row in rows)
    plots = "".join(f"<figure>{_bars(measure, rows)}</figure>" for measure in MEASURES)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>gtc compare</title>"
        f"<style>{STYLE}</style><h1>Disaggregated against aggregated</h1>"
        f"<p>{html.escape(facts)}</p><ul>{lines}</ul>{plots}"
        f"<table>{head}<th>better</th></tr>{body}</table><h2>How to read it</h2><ul>{notes}</ul>"
    )


def _row(row: JSON) -> str:
    cells = [row["load"], row["title"], *(_said(row[leg]) for leg in LEGS), row["better"]]
    return "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>"


def _said(value: float | None) -> str:
    return NO_DATA if value is None else f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _bars(measure: str, rows: list[JSON]) -> str:
    mine = [row for row in rows if row["measure"] == measure]

    def draw(axes: Axes) -> None:
        for number, leg in enumerate(LEGS):
            colour, hatch = BARS[leg]
            xs = [at + (number - 0.5) * 0.38 for at in range(len(mine))]
            heights = [row[leg] or 0.0 for row in mine]
            axes.bar(xs, heights, 0.36, color=colour, hatch=hatch, label=leg)
        axes.set_xticks(range(len(mine)), [row["load"].lower() for row in mine], fontsize=7)
        axes.set_ylabel(MEASURES[measure][0], fontsize=8)
        axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), fontsize=8)

    return svg(f"compare-{measure}", draw)
