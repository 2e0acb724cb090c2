"""The live view of `gtc status --watch`: tables of what the panel says, redrawn as a whole."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.styled import Styled
from rich.table import Table
from rich.text import Text

from gtc_cli.show.completed import completed
from gtc_cli.show.view_lines import (
    client_light,
    control,
    cost,
    offered,
    phase_words,
    pod_state,
    pool_words,
    rate,
    sentence,
    shares,
    slots,
    stale,
)
from gtc_runtime.formats import latency, percent, whole
from gtc_runtime.view import WINDOW_S, freshness
from gtc_spec.workloads import FACTS, STATS

JSON = dict[str, Any]

LIGHTS = {"green": "green", "amber": "yellow", "red": "bold red", "unknown": "dim"}
STATES = {"ready": "green", "pending": "yellow", "draining": "cyan"}
ROWS = {
    **{stat.key: f"{FACTS[stat.workload].letter} {stat.title.lower()}" for stat in STATS},
    "all": "all",
}
STALE = "dim"
"""Style of figures that are not of now."""
EVENTS = 6


def screen(view: JSON, problem: str, silent_s: float = 0.0) -> RenderableType:
    """Everything on one screen.

    Args:
        view: The newest view of the panel.
        problem: Why it is not the present one; empty when it is.
        silent_s: How long the panel has sent none.
    """
    view = completed(view)
    heard = freshness(silent_s)
    if heard == "gone":
        return Text(f"{problem}: no figures, the last ones are {silent_s:.0f} s old", "bold red")
    old = {each["source"] for each in view["stale"]}
    parts: list[RenderableType] = [
        _head(view),
        Styled(_pools(view), STALE if "cluster" in old else ""),
        Styled(_workloads(view), STALE if "load" in old else ""),
        _events(view),
    ]
    silence = f"the panel has said nothing for {silent_s:.0f} s" if heard == "stale" else ""
    for text in (problem, silence, stale(view), view["problem"], view["ending"]):
        if text:
            parts.insert(1, Text(text, style="bold red"))
    return Styled(Group(*parts), STALE if heard == "stale" else "")


def _head(view: JSON) -> Panel:
    load, offers = view["load"], offered(view)
    lines = Text()
    lines.append(f"mode {view['mode']}   KEDA {view['keda']} {view['keda_detail']}\n")
    lines.append(f"scaled {control(view)}\n")
    lines.append(f"phase {phase_words(view)}   {sentence(view)}\n")
    if offers:
        lines.append(f"next {offers}\n")
    lines.append(
        f"load {rate(load)} {shares(load)}   "
        f"{whole(load['waiting'])} waiting, {whole(load['streaming'])} streaming   "
    )
    lines.append(f"client {client_light(load)}\n", style=LIGHTS[load["light"]])
    lines.append(f"cost {cost(view)}")
    return Panel(lines, title=f"{view['cluster']} {view['environment']}", title_align="left")


def _pools(view: JSON) -> Table:
    table = Table(box=box.SIMPLE, title=f"workers, {slots(view)}", title_justify="left")
    for column in ("pool", "worker", "state"):
        table.add_column(column)
    for pool in view["pools"]:
        table.add_row(pool["role"], Text(pool_words(pool), style="bold"), "")
        for each in view["pods"]:
            if each["role"] == pool["role"]:
                table.add_row("", each["name"], Text(pod_state(each), STATES[each["state"]]))
    return table


def _workloads(view: JSON) -> Table:
    goals = view["goals"]
    table = Table(box=box.SIMPLE, title=f"latencies of the last {WINDOW_S} s", title_justify="left")
    table.add_column("workload")
    for column in (
        "TTFT p50",
        f"p95 (goal {latency(goals['ttft_p95_ms'])})",
        "ITL p50",
        f"p95 (goal {latency(goals['itl_p95_ms'])})",
        "goodput",
        "ok",
        "failed",
        "shed",
    ):
        table.add_column(column, justify="right")
    for key, name in ROWS.items():
        each = view["workloads"][key]
        table.add_row(
            name,
            latency(each["ttft"]["p50_ms"]),
            _judged(each["ttft"]["p95_ms"], goals["ttft_p95_ms"]),
            latency(each["itl"]["p50_ms"]),
            _judged(each["itl"]["p95_ms"], goals["itl_p95_ms"]),
            percent(each["goodput"]),
            *(whole(each[outcome]) for outcome in ("ok", "failed", "shed")),
        )
    return table


def _judged(value: float | None, goal: float) -> Text:
    style = "dim" if value is None else "green" if value <= goal else "bold red"
    return Text(latency(value), style=style)


def _events(view: JSON) -> Table:
    table = Table(box=box.SIMPLE, title="events", title_justify="left", show_header=False)
    for event in view["events"][-EVENTS:]:
        table.add_row(event["at"][11:19], event["kind"], event["text"], event["actor"])
    return table
