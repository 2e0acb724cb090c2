"""The Kubernetes API is away for a while in the middle of auto mode, over real connections.

    python -m tests.chaos.network.outages --how reset --seconds 10

The panel is the real service with its load process; the API of the rehearsal stands behind the
proxy. Requests are counted where they arrive: at the proxy, or at the server that answers 503.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from gtc_spec.environment import Environment, load
from gtc_spec.pools import PDRatio
from tests.app.conftest import Panel, World
from tests.chaos.network.faults import ResetPeer
from tests.chaos.network.proxy import Placed, Proxy, always
from tests.chaos.parts import Figure, Size, at_least, at_most, equal
from tests.faulty_api.faults import Fault

How = Literal["reset", "503", "refused"]
RUNS: Final[Mapping[Size, tuple[tuple[How, float], ...]]] = {
    "full": (("503", 10.0), ("reset", 10.0), ("refused", 10.0), ("503", 120.0), ("reset", 600.0)),
    "slice": (("reset", 10.0),),
}
NOTICED_S = 1.0
"""In this time what was under way fails, all at once; requests are counted after it."""
BACK_S = 15.0
BURST_S = 5.0
"""After the return; a phase lasts longer, so that two changes in this time are a burst."""
UNAFFECTED: Final = 0.9
"""Share of the requests that the phases ask for; the rest is their jitter and the ramps."""
_PHASE_S = 8
_SHOW: list[dict[str, Any]] = [
    {"name": "BALANCED", "rps": 4, "mix": "40/30/30", "ratio": "2P:3D"},
    {"name": "PREFILL_STRESS", "rps": 6, "mix": "0/50/50", "ratio": "4P:3D"},
    {"name": "COOLDOWN", "rps": 4, "mix": "35/15/50", "ratio": "2P:3D"},
]


@dataclass
class Outage:
    """What one outage showed.

    Attributes:
        requests_per_s: That arrived after `NOTICED_S`; None where nothing can count them.
        back_s: From the return until everything was as it has to be; None when it was not in time.
        changes: Of the phase within `BURST_S` of the return.
        asked: Requests that the phases asked for meanwhile.
        sent, failed: Requests of the load meanwhile.
        mode: At the end.
    """

    how: How
    seconds: float
    requests_per_s: float | None
    back_s: float | None
    changes: int
    asked: float
    sent: int
    failed: int
    mode: str

    def figures(self) -> list[Figure]:
        """What has to hold."""
        name = f"API away for {self.seconds:g} s ({self.how})"
        found = [
            at_most(f"{name}: s until converged", _known(self.back_s), BACK_S),
            at_most(f"{name}: phases begun within {BURST_S:g} s", self.changes, 1),
            at_least(
                f"{name}: sent of 100 asked for", 100 * self.sent / self.asked, 100 * UNAFFECTED
            ),
            equal(f"{name}: of them failed", self.failed, 0),
        ]
        if self.requests_per_s is not None:
            found.append(at_most(f"{name}: requests to it a second", self.requests_per_s, 1))
        return [
            *found,
            Figure(f"{name}: mode afterwards", self.mode, "= auto", self.mode == "auto"),
        ]


def _known(back_s: float | None) -> float:
    return float("inf") if back_s is None else back_s


def _environment() -> Environment:
    phases = [{**each, "duration_s": _PHASE_S, "narration": "look here"} for each in _SHOW]
    short = {"context_tokens": [100, 200], "reply_tokens": [5, 9], "think_s": [0.1, 0.2]}
    return load(
        "prod",
        {
            **{f"workloads.chat.{key}": value for key, value in short.items()},
            "worker_start_s": 1,
            "pools.prefill.drain_s": 0.2,
            "pools.decode.drain_s": 0.2,
            "phase_tables": {"show": {"phases": phases}},
            "workloads.summarization.prompt_tokens": [200, 300],
            "workloads.reasoning.output_tokens": [10, 20],
        },
    )


async def outage(how: How, seconds: float, seed: int) -> Outage:
    """One outage in the middle of a show that goes round."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(_environment(), Path(folder))
        await world.start()
        async with Proxy(int(world.api.url.rpartition(":")[2]), seed=seed) as proxy:
            config = yaml.safe_load(world.kubeconfig.read_text())
            config["clusters"][0]["cluster"]["server"] = proxy.url
            world.kubeconfig.write_text(yaml.safe_dump(config))
            panel = Panel(world)
            try:
                await panel.start()
                await panel.until_mode("manual")
                await panel.service.auto()
                await world.until(lambda: world.desired() == PDRatio(4, 3), 40.0)
                return await _measured(world, panel, proxy, how, seconds)
            finally:
                proxy.switch()
                await panel.service.stop()
                await world.stop()


async def _measured(world: World, panel: Panel, proxy: Proxy, how: How, seconds: float) -> Outage:
    arrived = await _begin(world, proxy, how)
    before = _totals(panel)
    asked = await _asked(world, panel, NOTICED_S)
    begun = arrived()
    asked += await _asked(world, panel, seconds - NOTICED_S)
    requests, after = arrived() - begun, _totals(panel)
    await _end(world, proxy, how)
    began_s, back_s, names = time.monotonic(), None, [panel.view.phase.name]
    while (now_s := time.monotonic() - began_s) < BURST_S or (back_s is None and now_s < BACK_S):
        if back_s is None and _converged(world, panel):
            back_s = now_s
        if now_s < BURST_S and panel.view.phase.name != names[-1]:
            names.append(panel.view.phase.name)
        await asyncio.sleep(0.1)
    return Outage(
        how,
        seconds,
        None if how == "refused" else requests / (seconds - NOTICED_S),
        back_s,
        len(names) - 1,
        asked,
        after[0] - before[0],
        after[1] - before[1],
        panel.view.mode,
    )


def _totals(panel: Panel) -> tuple[int, int]:
    """Requests that were sent so far, and those of them that failed."""
    everything = panel.service._load.book.totals()["all"]
    return everything.due - everything.shed, everything.failed_total


async def _asked(world: World, panel: Panel, seconds: float) -> float:
    """Wait so long; how many requests the phases that are shown ask for meanwhile."""
    rates = {phase.name: phase.rps for phase in world.environment.table.phases}
    from_s = last_s = time.monotonic()
    asked = 0.0
    while last_s < from_s + seconds:
        rate = rates[panel.view.phase.name]
        await asyncio.sleep(min(0.1, from_s + seconds - last_s))
        last_s, before_s = time.monotonic(), last_s
        asked += rate * (last_s - before_s)
    return asked


async def _begin(world: World, proxy: Proxy, how: How) -> Callable[[], int]:
    """Take the API away; what counts requests from now on."""
    if how == "refused":
        await proxy.down()
        return lambda: 0
    if how == "reset":
        await proxy.down()
        proxy.switch(always(Placed(ResetPeer(after_bytes=0), to="server")))
        await proxy.up()
        return lambda: proxy.accepted
    world.api.faults.add(Fault(status=503, times=-1))
    seen = 0

    def count() -> int:
        nonlocal seen
        seen += len(world.api.log)
        world.api.log.clear()
        return seen

    world.api.log.clear()
    return count


async def _end(world: World, proxy: Proxy, how: How) -> None:
    if how == "refused":
        await proxy.up()
    proxy.switch()
    world.api.faults.clear()


def _converged(world: World, panel: Panel) -> bool:
    """The panel sees the cluster and goes on in auto mode: replicas and pause are its phase's."""
    view = panel.view
    if panel.service._cluster is None or panel.service._cluster.poller.fresh is None:
        return False
    if view.mode != "auto":
        return False
    phase = next((p for p in world.environment.table.phases if p.name == view.phase.name), None)
    ours = world.pauser() == world.lease()["holderIdentity"] == view.holder
    return ours and phase is not None and world.desired() == phase.ratio


def run(size: Size, seed: int) -> list[Figure]:
    """The part of `make chaos`."""
    return [
        figure
        for how, seconds in RUNS[size]
        for figure in asyncio.run(outage(how, seconds, seed)).figures()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--how", choices=("reset", "503", "refused"), default="reset")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = asyncio.run(outage(asked.how, asked.seconds, asked.seed))
    print(found)  # noqa: T201
    return 0 if all(figure.met for figure in found.figures()) else 1


if __name__ == "__main__":
    sys.exit(main())
