"""The drawings of a capacity: what each P:D ratio can take, and apart against together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gtc_cli.paper.bars import Bars
from gtc_cli.paper.lines import Line, Lines
from gtc_cli.paper.sheet import Drawing
from gtc_runtime.formats import latency_s, per_s, percent
from gtc_runtime.planning.answers.capacity import Capacity
from gtc_spec.workloads import STATS

JSON = dict[str, Any]
TITLES: Final = {"all": "all", **{stat.key: stat.title for stat in STATS}}


def drawings(answer: Capacity) -> list[Drawing]:
    """The frontier, then the pair kind by kind."""
    pair = f"{answer.pair[0].asked.topology} against {answer.pair[1].asked.topology}"
    return [
        Drawing(
            "The frontier: the highest rate that each P:D ratio serves within the goals;"
            " dashes: the same GPUs aggregated",
            _frontier(answer).svg(),
        ),
        *(
            Drawing(f"{name}, {pair}, {per_s(answer.rps)} rps", bars.svg(), small=True)
            for name, bars in _pair(answer).items()
        ),
    ]


def _frontier(answer: Capacity) -> Lines:
    prefill = [each.asked.topology.prefill for each in answer.frontier]
    span = (0.5, len(prefill) + 0.5)
    points = [(float(p), each.knee_rps) for p, each in zip(prefill, answer.frontier, strict=True)]
    level = answer.whole.knee_rps
    lines = (
        Line("disaggregated", "blue", points, marked=True),
        Line(str(answer.whole.asked.topology), "rust", [(at, level) for at in span], "dashes"),
    )
    ticks = [(float(each.asked.topology.prefill), str(each.asked.topology))
             for each in answer.frontier]  # fmt: skip
    goal = (answer.rps, f"asked: {per_s(answer.rps)} rps")
    return Lines("knee by ratio", lines, span, ticks, per_s, top=1.2 * answer.rps, goal=goal,
                 legend=True)  # fmt: skip


def _pair(answer: Capacity) -> dict[str, Bars]:
    sides = [each.asked for each in answer.pair]
    keys = [key for key in TITLES if key == "all" or key in sides[0].figures["by_key"]]
    measures: dict[str, tuple[Callable[[JSON], float | None], Callable[[float | None], str]]] = {
        "Good requests": (lambda found: found["good_share"], lambda share: percent(share, 0)),
        "TPOT p95": (lambda found: _q(found, "tpot_s", "p95"), latency_s),
        "ITL p99": (lambda found: _q(found, "itl_s", "p99"), latency_s),
        "TTFT p95": (lambda found: _q(found, "ttft_s", "p95"), latency_s),
    }
    return {
        name: Bars(
            name,
            [TITLES[key] for key in keys],
            [(str(side.topology), [read(_of(side.figures, key)) for key in keys])
             for side in sides],
            label,
        )
        for name, (read, label) in measures.items()
    }  # fmt: skip


def _of(figures: JSON, key: str) -> JSON:
    nothing = {"ttft_s": None, "itl_s": None, "tpot_s": None, "good_share": None}
    found: JSON = figures if key == "all" else figures["by_key"].get(key, nothing)
    return found


def _q(found: JSON, measure: str, quantile: str) -> float | None:
    return None if found[measure] is None else float(found[measure][quantile])
