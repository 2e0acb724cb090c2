"""The comparison of two runs in lines, as a document and as a page."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gtc_cli.load import words
from gtc_cli.load.against.spread import PIECES_MIN, Difference
from gtc_cli.load.judge.names import FIGURES
from gtc_runtime import formats

JSON = Mapping[str, Any]

SCHEMA: Final = "gtc-load-comparison/1"
MATTERS: Final = ("load", "url", "model", "prompts", "shapes", "slo", "shards", "duration_s")
"""What two runs should have in common, or their figures are those of two questions."""
NOTES: Final = (
    "noise: within the spread of the runs (95 % of 300 draws from pieces of them)",
    "one run each says nothing about another day or machine: repeat both, in turns",
)


def document(
    a: JSON, b: JSON, paths: Sequence[Path], found: Sequence[Difference]
) -> dict[str, Any]:
    """The comparison as plain JSON."""
    return {
        "schema": SCHEMA,
        "a": _run(a, paths[0]),
        "b": _run(b, paths[1]),
        "warnings": warnings(a, b),
        "figures": [
            {"name": each.name, "a": each.a, "b": each.b, "difference_low": each.low,
             "difference_high": each.high, "verdict": verdict(each)}
            for each in found
        ],
    }  # fmt: skip


def verdict(difference: Difference) -> str:
    """``better``, ``worse``, ``noise``, or ``unknown`` when nothing can be said."""
    if difference.a is None or difference.b is None or difference.told is None:
        return "unknown"
    if not difference.told:
        return "noise"
    less = difference.b < difference.a
    return "better" if less == (FIGURES[difference.name].better == "less") else "worse"


def warnings(a: JSON, b: JSON) -> list[str]:
    """What makes the comparison unfair or blind."""
    found = [
        f"{name} differs: {a['run'].get(name)} and {b['run'].get(name)}"
        for name in MATTERS
        if a["run"].get(name) != b["run"].get(name)
    ]
    for name, each in (("a", a), ("b", b)):
        if each["quality"]["light"] == "red":
            found.append(f"{name} was client-limited: {each['quality']['reason']}")
        if len(each["windows"]) < PIECES_MIN:
            found.append(f"{name} is too short to tell noise: {PIECES_MIN} s of load are needed")
        if not each["check"]["holds"] or each["run"]["problem"] or each["run"]["interrupted"]:
            found.append(f"{name} is not a whole run")
    return found


def lines(told: JSON) -> Iterator[str]:
    """The comparison on a terminal, at most 80 columns wide."""
    for name in ("a", "b"):
        run = told[name]
        yield f"{name}: {run['path']}, {run['started'][:16]}, {run['load']}"
    yield ""
    yield f"{'':23}{'a':>9}{'b':>9}{'b - a':>9}  95 % between"
    for each in told["figures"]:
        yield _line(each)
    yield ""
    yield from (f"warning: {text}" for text in told["warnings"])
    yield from NOTES


def page(told: JSON, plots: Mapping[str, str]) -> str:
    """The comparison as one HTML file that needs nothing else."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(each)) + "</tr>"
        for each in told["figures"]
    )
    runs = "".join(
        f"<p><b>{name}</b>: {html.escape(told[name]['path'])}, {told[name]['started']},"
        f" {html.escape(told[name]['model'])} at {html.escape(told[name]['url'])},"
        f" {html.escape(told[name]['load'])}</p>"
        for name in ("a", "b")
    )
    notes = "".join(f"<li>{html.escape(text)}</li>" for text in (*told["warnings"], *NOTES))
    drawn = "".join(f"<figure>{svg}</figure>" for svg in plots.values())
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Two runs of load</title><style>"
        "body{font:15px sans-serif;color:#1f2937;max-width:72rem;margin:2rem auto;padding:0 1rem}"
        "td,th{padding:.25rem .8rem;text-align:right;border-bottom:1px solid #e5e7eb}"
        "td:first-child{text-align:left}figure{display:inline-block;margin:1rem 1rem 0 0}</style>"
        f"<h1>Two runs of load</h1>{runs}<table><tr><th></th><th>a</th><th>b</th><th>b - a</th>"
        f"<th>95 % between</th><th></th></tr>{rows}</table>{drawn}<ul>{notes}</ul></html>\n"
    )


def _run(report: JSON, path: Path) -> dict[str, Any]:
    run = report["run"]
    return {"path": str(path)} | {name: run[name] for name in ("url", "model", "started", "load")}


def _line(figure: JSON) -> str:
    name, a, b, change, between, told = _cells(figure)
    return f"{name:23}{a:>9}{b:>9}{change:>9}  {between:20} {told}".rstrip()


def _cells(figure: JSON) -> tuple[str, str, str, str, str, str]:
    unit = FIGURES[figure["name"]].unit
    a, b, low, high = (figure[name] for name in ("a", "b", "difference_low", "difference_high"))

    def said(value: float | None) -> str:
        return formats.NO_DATA if value is None else words.in_unit(value, unit)

    change = formats.NO_DATA if a is None or b is None or not a else f"{(b - a) / a:+.1%}"
    between = "" if low is None else f"{_signed(low, unit)} to {_signed(high, unit)}"
    return figure["name"], said(a), said(b), change, between, figure["verdict"]


def _signed(value: float, unit: str) -> str:
    return ("-" if value < 0 else "+") + words.in_unit(abs(value), unit)
