"""Checks of time: this machine's clock, and what is left until the end date."""

from __future__ import annotations

from typing import Final

from gtc_runtime.checks.scene import Scene
from gtc_runtime.cluster import end_date as cluster_end
from gtc_runtime.cluster.api.transport import Request
from gtc_runtime.formats import date
from gtc_runtime.verdict import NotApplicable, RestsOn, Verdict, green, judge, red
from gtc_spec.cloud import bill

SKEW_S_MAX: Final = 5.0
"""Boards end at the browser's now; Kubernetes tells its time to the second."""


async def clock(scene: Scene) -> Verdict:
    """The wall clock of this machine against the Date header of the API server."""
    before = scene.now()
    answer = await scene.kube.transport.send(Request("GET", "ask for the time", "", (), None))
    after = scene.now()
    if answer.at is None:
        raise NotApplicable("the API server does not tell its time")
    # the header has whole seconds, cut off
    skew_s = max((before - answer.at).total_seconds() - 1, (answer.at - after).total_seconds(), 0)
    hint = "turn on time synchronisation of this machine: timedatectl set-ntp true"
    return judge(skew_s <= SKEW_S_MAX, f"{skew_s:.0f} s apart", f"<= {SKEW_S_MAX:g} s", hint)


async def end_date(scene: Scene) -> Verdict:
    """Hours, GPU-hours and dollars until everything has to be gone."""
    env = scene.env
    try:
        until = await cluster_end.read(scene.kube) or env.until
    except RestsOn:
        until = env.until
    extend = f"make infra-up UNTIL={bill.EXAMPLE} moves it; make teardown ends it"
    if until is None:
        if scene.surely_rehearsal:
            raise NotApplicable("a rehearsal costs nothing and needs no end")
        return red("no end date", "one: what costs money is easy to forget", extend)
    left_h = bill.minutes_left(until, scene.now()) / 60
    if left_h <= 0:
        return red(f"passed at {date(until)}", "in the future", extend)
    cost = bill.bill(env, left_h)
    gpu_hours = f"{cost.gpu_hours:.0f} GPU-hours, " if env.nodes.gpus else ""
    told = f"{left_h:.1f} h, {gpu_hours}{cost.usd:.0f} USD"
    return green(f"{told} until {date(until)}", "in the future")
