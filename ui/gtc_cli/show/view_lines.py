"""What the panel says, as lines for a terminal.

It decides nothing; what is not known is shown as such.
"""

from __future__ import annotations

import json
from typing import Any

import click

from gtc_cli.show.completed import completed
from gtc_runtime import formats
from gtc_runtime.view import WINDOW_S
from gtc_spec.workloads import WORKLOADS

JSON = dict[str, Any]


def print_view(view: JSON, as_json: bool) -> None:
    """Print what the panel says, for people or for a program."""
    click.echo(json.dumps(view) if as_json else "\n".join(status_lines(view)))


def status_lines(view: JSON) -> list[str]:
    """The view of a panel, this version's or an older one's, as a few lines for a terminal."""
    view = completed(view)
    load, every = view["load"], view["workloads"]["all"]
    holder = f", lease {view['holder']}" if view["holder"] else ""
    lines = [
        f"{view['cluster']} {view['environment']} ({view['digest']})",
        *(f"stale   {text}" for text in (stale(view),) if text),
        f"mode    {view['mode']}, keda {view['keda']}{holder}",
        f"scaled  {control(view)}",
        f"phase   {phase_words(view)}",
    ]
    offers = offered(view)
    if offers:
        lines.append(f"next    {offers}")
    lines += [f"{pool['role']:7} {pool_words(pool)}" for pool in view["pools"]]
    lines.append(f"slots   {slots(view)}")
    lines += [f"  {each['name']}  {pod_state(each)}" for each in view["pods"]]
    goodput = formats.percent(every["goodput"], absent=formats.NO_DATA_WORDS)
    lines += [
        f"load    {rate(load)} {shares(load)}, {in_flight(load)}",
        f"texts   {texts(load)}",
        f"TTFT    {_percentiles(every['ttft'], view['goals']['ttft_p95_ms'])}",
        f"ITL     {_percentiles(every['itl'], view['goals']['itl_p95_ms'])}",
        f"TPOT    {_percentiles(every['tpot'], view['goals']['itl_p95_ms'])}",
        f"goodput {goodput} of the requests due in the last {WINDOW_S} s,"
        f" {formats.per_s(every['good_rps'])} good answers a second",
        f"client  {client_light(load)}",
    ]
    lines.append(f"cost    {cost(view)}")
    lines += [f"claim   {each['state']:9} {each['text']}" for each in view["claims"]]
    told = (("now", sentence(view)), ("end", view["ending"]), ("problem", view["problem"]))
    return [*lines, *(f"{name:7} {text}" for name, text in told if text)]


def stale(view: JSON) -> str:
    """Sources that have said nothing for long, with their ages; empty while all speak."""
    told = (f"{each['source']} {each['age_s']:.0f} s old" for each in view["stale"])
    return ", ".join(told)


def control(view: JSON) -> str:
    """Who scales, since when and on whose command."""
    told = view["control"]
    since = f" since {formats.time_of_day(told['since'])}" if told["since"] else ""
    by = f", ordered by {told['by']}" if told["by"] else ""
    return f"by {told['scaler'] or '?'}{since}{by}"


def phase_words(view: JSON) -> str:
    """Where the show stands, and how long still."""
    phase = view["phase"]
    settling = " (settling)" if phase["kind"] == "settle" else ""
    if view["control"]["holding"]:
        return f"{phase['name']}{settling}, stands still with {phase['ends_in_s']:.0f} s left"
    ends = f", ends in {phase['ends_in_s']:.0f} s" if phase["ends_in_s"] is not None else ""
    return f"{phase['name']}{settling}{ends}"


def offered(view: JSON) -> str:
    """What may be ordered now that is not always possible; empty when nothing is."""
    told = view["control"]
    if told["next"] is not None:
        ready_s = told["next"]["ready_in_s"]
        workers = "workers not ready yet"
        if ready_s is not None:
            workers = f"workers ready in {ready_s:.0f} s" if ready_s else "workers ready"
        return f"{told['next']['phase']}, {workers}"
    if told["resume_s"] is not None:
        return f"gtc resume goes on with the show, for {told['resume_s']:.0f} s"
    return f"gtc undo brings back {told['undo']}" if told["undo"] else ""


def sentence(view: JSON) -> str:
    """What is seen now, else what the phase is about."""
    phase = view["phase"]
    return str(phase["sentence"]["text"] or phase["narration"])


def shares(load: JSON) -> str:
    """The mix as it is written, ``40/30/30``."""
    return "/".join(str(load["mix"].get(each, 0)) for each in WORKLOADS)


def texts(load: JSON) -> str:
    """Where texts come from, and who writes follow-up questions."""
    writer = load["followups"]
    written = f", follow-up questions by {writer}" if writer else ""
    return f"{load['corpus'] or '?'}{written}"


def slots(view: JSON) -> str:
    """How many GPUs, or other slots, have a worker on them."""
    if all(pool["ready"] is None for pool in view["pools"]):
        return f"? of {view['gpus_total']} in use"
    placed = sum(1 for each in view["pods"] if each["node"] or each["state"] != "pending")
    return f"{placed} of {view['gpus_total']} in use"


def pod_state(worker: JSON) -> str:
    """State of one worker, where it runs and why it waits."""
    place = f" on {worker['node']}" if worker["node"] else ""
    return f"{worker['state']}{place}" + (f": {worker['reason']}" if worker["reason"] else "")


def cost(view: JSON) -> str:
    """What the nodes cost an hour."""
    price = view["usd_h"]
    return "nothing, this is a rehearsal" if price is None else f"about {price:.2f} USD an hour"


def pool_words(pool: JSON) -> str:
    """Ready, desired and what is on its way."""

    def shown(value: int | None) -> str:
        return "?" if value is None else str(value)

    text = f"{shown(pool['ready'])} ready of {shown(pool['desired'])} desired"
    for state in ("pending", "draining"):
        if pool[state]:
            text += f", {pool[state]} {state}"
    return f"{text} ({pool['reason']})" if pool["reason"] else text


def rate(load: JSON) -> str:
    """The rate that runs, or that a start would use."""
    return f"{load['rps']:g} rps" if load["running"] else f"off ({load['rps']:g} rps chosen)"


def in_flight(load: JSON) -> str:
    """How many requests are open, and what they do."""
    every, waiting, streaming = (
        formats.whole(load[each]) for each in ("in_flight", "waiting", "streaming")
    )
    return f"{every} in flight ({waiting} waiting, {streaming} streaming)"


def client_light(load: JSON) -> str:
    """The client-quality light, why it is not green, and where arrival times come from."""
    return formats.light(load["light"], load["light_reason"], load["stamp_source"])


def _percentiles(found: JSON, goal_ms: float) -> str:
    p50, p95, p99 = (
        formats.latency(found[f"{q}_ms"], formats.NO_DATA_WORDS) for q in ("p50", "p95", "p99")
    )
    return f"p50 {p50}, p95 {p95} (goal {formats.latency(goal_ms)}), p99 {p99}"
