"""A demo that stands still: a `PanelPort` whose view a test sets and whose commands it reads back.

Run as a script it serves the panel on loopback: ``still_demo.py PORT [KEY]``. ``POST /still/NAME``
then puts one of the named `scenes` on screen.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from gtc_panel.app import attach
from gtc_panel.door.key import Key
from gtc_panel.door.rules import Rules
from gtc_runtime.actor import Actor
from gtc_runtime.checks.health import Health
from gtc_runtime.recording.choice import whole_show
from gtc_runtime.scenario.control_log import who_scales
from gtc_runtime.telling.freshness import judged
from gtc_runtime.told import ControlView, NextView, SafeReport
from gtc_runtime.verdict import Report, Verdict
from gtc_runtime.view import (
    DemoView,
    EventView,
    Goals,
    LoadView,
    PhaseView,
    PoolView,
    Quantiles,
    StripItem,
    WorkloadView,
)
from gtc_spec.environment import Environment, load
from gtc_spec.errors import GtcError
from gtc_spec.workloads import WORKLOADS, WorkloadMix
from tests.browser import story_scenes

HEALTH = Report(
    (
        Verdict("kubernetes", "green", "v1.33.1 answers", "", "", 0.1),
        Verdict(
            "nodes", "not-permitted", "our account may not look: nodes is forbidden", "", "", 0.1
        ),
        Verdict("driver", "not-applicable", "a rehearsal has no GPUs", "", "", 0.0),
        Verdict("queue", "red", "no queue dynamo", "dynamo", "make cluster-config", 0.1),
        Verdict("workers", "red", "prefill 2 of 4", "all ready", "kubectl describe pod", 0.2),
    ),
    0.25,
)

NOON = datetime(2026, 3, 17, 12, 0, tzinfo=UTC)


def calm_view(environment: Environment) -> DemoView:
    """Manual mode, KEDA scales, light load, every figure known."""
    slo, pools = environment.slo, environment.initial_ratio
    strip = tuple(
        StripItem(str(p.name), p.duration_s, str(p.ratio), p.narration)
        for p in environment.table.phases
    )
    figures = WorkloadView(
        due=40,
        ok=38,
        failed=2,
        ttft=Quantiles(40, 640.0, 1240.0, 1800.0, 1.0),
        itl=Quantiles(900, 21.4, 24.6, 26.0, 0.99),
        goodput=0.95,
    )
    keys = ("all", "chat", "chat_turn1", "chat_turn2plus", "summarization", "reasoning")
    return DemoView(
        environment=environment.name,
        digest=environment.digest,
        cluster="Rehearsal",
        at=NOON.isoformat(),
        uptime_s=60.0,
        mode="manual",
        holder="",
        phase=PhaseView(),
        strip=strip,
        goals=Goals(slo.ttft_p95_s * 1000, slo.itl_p95_s * 1000),
        load=LoadView(
            running=True,
            rps=0.8,
            mix={"chat": 40, "summarization": 30, "reasoning": 30},
            sent_rps=0.79,
            in_flight=24,
            waiting=4,
            streaming=20,
            conversations=7,
            turns=19,
            output_tokens_s=348.2,
            light="green",
            stamp_source="kernel",
        ),
        workloads=dict.fromkeys(keys, figures),
        pools=(
            PoolView("prefill", pools.prefill, pools.prefill, 0, 0),
            PoolView("decode", pools.decode, pools.decode, 0, 0),
        ),
        gpus_total=environment.slots,
        keda="active",
        keda_detail="",
        cluster_age_s=0.4,
        load_age_s=0.3,
        events=(),
        control=ControlView("KEDA"),
    )


def moved(view: DemoView) -> DemoView:
    """The view with every figure that a real show changes all the time a little different."""
    now, chance = datetime.now(UTC), random.Random()
    ttft = Quantiles(40, chance.uniform(300, 900), chance.uniform(900, 9000), 9000, chance.random())
    itl = Quantiles(900, chance.uniform(20, 25), chance.uniform(25, 40), 50, chance.random())
    figures = replace(view.workloads["all"], ttft=ttft, itl=itl)
    load = replace(
        view.load,
        waiting=chance.randrange(400),
        streaming=chance.randrange(900),
        output_tokens_s=chance.uniform(10_000, 99_000),
    )
    return replace(
        view, at=now.isoformat(), load=load, workloads=dict.fromkeys(view.workloads, figures)
    )


class StillDemo:
    """Holds one view and writes down every command."""

    def __init__(self, environment: str = "prod") -> None:
        self.environment = load(environment)
        self.now = calm_view(self.environment)
        self.commands: list[object] = []
        self.moves = False
        self.refuse_with: GtcError | None = None

    def view(self) -> DemoView:
        return moved(self.now) if self.moves else self.now

    def change(self, **fields: object) -> None:
        """Set fields of the view; who scales follows from mode and KEDA unless it is given."""
        now = replace(self.now, **fields)  # type: ignore[arg-type]
        if "control" not in fields:
            now = replace(now, control=replace(now.control, scaler=who_scales(now.mode, now.keda)))
        self.now = now

    async def start_load(self, *, by: Actor) -> None:
        self._take("start")

    async def stop_load(self, *, by: Actor) -> None:
        self._take("stop")

    async def set_load(self, rps: float | None, mix: WorkloadMix | None, *, by: Actor) -> None:
        self._take(("set_load", rps, None if mix is None else str(mix)))
        now = self.now.load
        shares = now.mix if mix is None else {name: mix[name] for name in WORKLOADS}
        self.change(load=replace(now, rps=now.rps if rps is None else rps, mix=shares))

    async def auto(self, *, take_over: bool = False, by: Actor) -> None:
        self._take("auto")

    async def manual(self, *, by: Actor) -> None:
        self._take("manual")

    async def reset(self, *, by: Actor) -> None:
        self._take("reset")

    async def safe(self, *, by: Actor) -> SafeReport:
        self._take("safe")
        return SafeReport(("load off, open streams ended",), (), ("keda scales",))

    async def hold(self, on: bool, *, by: Actor) -> None:
        self._take(("hold", on))

    async def extend(self, *, by: Actor) -> None:
        self._take("extend")

    async def next_phase(self, *, by: Actor) -> None:
        self._take("next_phase")

    async def undo(self, *, by: Actor) -> None:
        self._take("undo")

    async def resume_show(self, *, by: Actor) -> None:
        self._take("resume_show")

    async def start_again(self, *, by: Actor) -> None:
        self._take("start_again")

    def _take(self, command: object) -> None:
        if self.refuse_with is not None:
            raise self.refuse_with
        self.commands.append(command)


def _show(demo: StillDemo) -> None:
    """Auto mode in the middle of PREFILL_STRESS, two prefill workers starting."""
    phases = demo.environment.table.phases
    stress = next(phase for phase in phases if phase.name == "PREFILL_STRESS")
    prefill = PoolView("prefill", 4, 2, 2, 0, "loading weights")
    order = "Ordered ahead for Prefill recovery: 2 more prefill workers, a start takes about 2 min"
    events = (
        EventView(NOON.isoformat(), "phase", "Prefill stress"),
        EventView((NOON + timedelta(seconds=5)).isoformat(), "scale", order),
    )
    demo.change(
        mode="auto",
        holder="gtc-demo-panel-0",
        keda="paused-by-us",
        phase=PhaseView("PREFILL_STRESS", "main", 2, 60, 30, False, stress.narration, cycle=1),
        pools=(prefill, demo.now.pools[1]),
        events=events,
        control=ControlView(
            "SCENARIO",
            NOON.isoformat(),
            "page 127.0.0.1",
            next=NextView("PREFILL_RECOVERY", 48.0),
        ),
    )


def _manual(demo: StillDemo) -> None:
    """By hand, with light load and a change that can be undone."""
    control = ControlView("KEDA", NOON.isoformat(), "page 127.0.0.1", undo="0.8 rps, 40/30/30")
    demo.change(control=control)


def _idle(demo: StillDemo) -> None:
    """By hand, and nothing is sent."""
    demo.change(load=replace(demo.now.load, running=False, sent_rps=0.0))


def _recorded(demo: StillDemo) -> None:
    """The show, played from a recording."""
    _show(demo)
    demo.change(recorded=NOON.isoformat())


def _moving(demo: StillDemo) -> None:
    """The show with figures that never rest."""
    _show(demo)
    demo.moves = True


def _worst(demo: StillDemo) -> None:
    """Everything that can be long is long, and nothing is known for sure."""
    long = "a worker of the prefill pool cannot be scheduled because no node has a free GPU " * 3
    events = tuple(EventView(NOON.isoformat(), "warning", long) for _ in range(20))
    demo.change(
        holder="gtc-demo-conductor-with-a-very-long-name-7d9f6c5b4-x2x2x",
        problem=long,
        events=events,
        pools=(PoolView("prefill", 8, 2, 6, 1, long), PoolView("decode", 8, 3, 5, 1, long)),
        load=replace(demo.now.load, light="red", light_reason=long, output_tokens_s=1234567.0),
    )


def _unknown(demo: StillDemo) -> None:
    """Neither the cluster nor the load process has answered yet."""
    demo.change(
        mode="unknown",
        keda="unknown",
        load=LoadView(),
        workloads={},
        pools=(PoolView("prefill"), PoolView("decode")),
        cluster_age_s=None,
        load_age_s=None,
    )


def _stale(demo: StillDemo) -> None:
    """The show, and neither the cluster nor the load process has said anything for 23 s."""
    _show(demo)
    demo.now = judged(replace(demo.now, cluster_age_s=23.0, load_age_s=23.0))


def _blank(demo: StillDemo) -> None:
    """The same after 75 s."""
    _show(demo)
    demo.now = judged(replace(demo.now, cluster_age_s=75.0, load_age_s=75.0))


scenes: dict[str, Callable[[StillDemo], None]] = {
    "manual": _manual,
    "idle": _idle,
    "recorded": _recorded,
    **story_scenes.scenes(),
    "show": _show,
    "moving": _moving,
    "worst": _worst,
    "unknown": _unknown,
    "stale": _stale,
    "blank": _blank,
}


def main(port: int, key: str = "") -> None:
    """Serve one demo until the process is ended; with a key, whoever presses needs it."""
    app, demo = FastAPI(docs_url=None, redoc_url=None), StillDemo()

    @app.post("/still/{scene}")
    def show(scene: str) -> None:
        demo.now, demo.moves = calm_view(demo.environment), False
        scenes[scene](demo)

    async def look() -> Report:
        return HEALTH

    @app.post("/api/workload/stop")
    async def stop() -> None:
        await demo.stop_load(by=Actor("api"))

    @app.post("/api/safe")
    async def safe() -> SafeReport:
        return await demo.safe(by=Actor("api"))

    @app.get("/still/commands")
    def commands() -> list[object]:
        return demo.commands

    rules = Rules(key=Key(key)) if key else None
    found = partial(whole_show, Path("no state here"), demo.environment)
    attach(app, demo, rules=rules, health=Health(look), recording=found)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
