"""A prediction as a table: what is to be expected of each phase, and how far seeds stray."""

from __future__ import annotations

from typing import Any, Final

from gtc_cli.paper.table import Table
from gtc_runtime.formats import NO_DATA, latency, percent, whole
from gtc_runtime.planning.check import Prediction

JSON = dict[str, Any]

_FIGURES: Final = (
    ("TTFT B p95", "ttft_ms", "summarization", "p95"),
    ("tail", "ttft_ms_tail", "summarization", "p95"),
    ("ITL p50", "itl_ms", "all", "p50"),
    ("tail", "itl_ms_tail", "all", "p50"),
)

NOTES: Final = (
    "Every figure is the median of the seeds; the drawings are of the first seed.",
    "A decode GPU is busy with one stream as with a hundred; a prefill GPU that is busy all the"
    " time has a queue.",
    "A claim holds when three of four seeds keep it; its margin is how far the median is on the"
    " good side of its limit, as a share of the limit.",
)


def table(prediction: Prediction) -> Table:
    """One row a phase, the median first, in brackets where four of five seeds lie."""
    heads = ("phase", *(head for head, *_ in _FIGURES), "GPUs busy")
    ranges = zip(prediction.phases, prediction.low, prediction.high, strict=True)
    return Table(
        f"{prediction.environment}, phases {prediction.table}: median of the seeds, and p10 to p90",
        heads,
        [_row(*each) for each in ranges],
        note="TTFT B: time to the first token of documents; tail: the last 30 s of a phase",
    )


def _row(median: JSON, low: JSON, high: JSON) -> list[str]:
    return [
        f"{median['name']}\n{median['length_s']:.0f} s, {whole(median['requests']['due'])} due",
        *(_figure(median, low, high, each) for _, *each in _FIGURES),
        "\n".join(_busy(*each) for each in median.get("busy", {}).items()) or NO_DATA,
    ]


def _figure(median: JSON, low: JSON, high: JSON, path: list[str]) -> str:
    found = [_at(each, path) for each in (median, low, high)]
    if found[0] is None:
        return NO_DATA
    middle, least, most = (latency(each) for each in found)
    if {middle.unit} == {least.unit, most.unit}:
        return f"{middle}\n{least.number}–{most.number}"
    return f"{middle}\n{least}–{most}"


def _busy(role: str, share: float) -> str:
    return f"{role[0].upper()} {percent(share, 0)}"


def _at(phase: JSON, path: list[str]) -> float | None:
    found: Any = phase
    for key in path:
        found = found[key]
    return None if found is None else float(found)
