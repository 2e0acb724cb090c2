"""Real panels, killed at each step that changes the cluster: what becomes of KEDA and of replicas?

    python -m tests.chaos.processes.kills --runs 60 --together 3

A run is a `gtc serve --auto` and a `gtc guardian`, processes of their own, against the rehearsal's
API in this one. The API ends the panel when its Nth request that changes something arrives: before
it is carried out, or after. Then the panel is started again, or the guardian is on its own. Phases
are short; the times of Lease and guardian are the real ones.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from aiohttp import web

from gtc_spec.environment import load
from gtc_spec.pools import PDRatio
from tests.app.conftest import World
from tests.chaos.parts import Figure, Size, at_least, at_most, equal
from tests.chaos.processes.cases import STEPS, Case, cases
from tests.faulty_api.server import FaultyApiServer

RUNS: Final[Mapping[Size, int]] = {"full": 60, "slice": 4}
TOGETHER: Final = 2
TIME_SCALE: Final = 0.06
RESTARTED_S, GUARDED_S, TERMINATED_S = 20.0, 30.0, 20.0
REACHED_S = 150.0
"""Longest wait for the step at which a panel is to die; a cycle takes 50 s."""
ENDED_S = 60.0
STARTED_S = 60.0
"""Until a panel that was started again asks its first question: a busy machine's time, not ours."""
_CHANGES = ("PATCH", "PUT", "POST")
_NO_STEPS = ("/leases/", "/selfsubjectaccessreviews")
_SLICE_STEPS: Final = 12
"""The first of them, within half a minute."""


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        where: Phase and step at which it died.
        settled_s: From the kill (guarded) or the first question of the panel that was started again
            until all was well; None never.
        ended: How the process ended: its exit code, or minus the signal.
        ended_s: How long it took to end after SIGTERM.
    """

    case: Case
    where: str = ""
    settled_s: float | None = None
    ended: int | None = None
    ended_s: float = 0.0
    wrong: list[str] = field(default_factory=list)


class DeadlyApi(FaultyApiServer):
    """The API that the panel talks to; it ends the panel at one of its requests."""

    def __init__(self, store: Any, case: Case) -> None:
        super().__init__(store)
        self._case, self._seen = case, 0
        self.pid = 0
        self.struck, self.asked_again = asyncio.Event(), asyncio.Event()
        self.where = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.struck.is_set():
            self.asked_again.set()
        step = request.method in _CHANGES and not any(each in request.path for each in _NO_STEPS)
        if not (step and self.pid and not self.struck.is_set()):
            return await super().answer(request)
        self._seen += 1
        if self._seen < self._case.step:
            return await super().answer(request)
        self.where = f"{request.method} {request.path.rpartition('/namespaces/')[2]}"
        self.struck.set()
        if self._case.after:
            response = await super().answer(request)
            os.kill(self.pid, getattr(signal, self._case.signal))
            return response
        os.kill(self.pid, getattr(signal, self._case.signal))
        if self._case.signal == "SIGKILL":
            return web.Response(status=503)
        return await super().answer(request)


async def run_case(case: Case) -> Outcome:
    """One panel's death, and what comes after it."""
    outcome = Outcome(case)
    async with AsyncExitStack() as stack:
        world, deadly = await _world(stack, case)
        panel = await _panel(stack, world, auto=True)
        deadly.pid = panel.pid
        try:
            async with asyncio.timeout(REACHED_S):
                await deadly.struck.wait()
            struck_s = from_s = time.monotonic()
            outcome.where = f"{world.stored().get('phase', 'start')}: {deadly.where}"
            async with asyncio.timeout(ENDED_S):
                outcome.ended = await panel.wait()
            outcome.ended_s = time.monotonic() - struck_s
            if case.restart:
                deadly.asked_again.clear()
                await _panel(stack, world, auto=False)
                async with asyncio.timeout(STARTED_S):
                    await deadly.asked_again.wait()
                from_s = time.monotonic()
            outcome.settled_s = await _settled(world, from_s, case)
        except TimeoutError:
            outcome.wrong.append("the step was never reached, or a panel never ended or began")
    _judge(outcome)
    return outcome


async def _world(stack: AsyncExitStack, case: Case) -> tuple[World, DeadlyApi]:
    """The cluster around the panel, with a guardian that sees it by an API of its own."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    world = World(load("prod").scaled(TIME_SCALE), folder)
    world.frontend.word_s, world.frontend.words_max = 0.0, 5
    deadly = world.api = DeadlyApi(world.store, case)
    guarded = FaultyApiServer(world.store)
    await world.start()
    stack.push_async_callback(world.stop)
    await guarded.start()
    stack.push_async_callback(guarded.stop)
    kubeconfig = folder / "kubeconfig-guardian"
    kubeconfig.write_text(yaml.safe_dump(guarded.kubeconfig()))
    await _gtc(stack, world, kubeconfig, "guardian", "--env", "prod")
    return world, deadly


async def _gtc(
    stack: AsyncExitStack, world: World, kubeconfig: Path, *arguments: str
) -> asyncio.subprocess.Process:
    folder = kubeconfig.parent
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gtc_cli", *arguments),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={
                **os.environ,
                "KUBECONFIG": str(kubeconfig),
                "GTC_FRONTEND_URL": world.frontend.url,
                "GTC_STATE_DIR": str(folder / "state"),
            },
        )
    stack.push_async_callback(_end, process)
    return process


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def _panel(stack: AsyncExitStack, world: World, *, auto: bool) -> asyncio.subprocess.Process:
    run = ("serve", "--env", "prod", "--time-scale", str(TIME_SCALE), "--headless", "--port", "0")
    return await _gtc(stack, world, world.kubeconfig, *run, *(["--auto"] if auto else []))


async def _settled(world: World, from_s: float, case: Case) -> float | None:
    """Seconds until all is well; None when it does not become so in twice the time allowed."""
    allowed_s = RESTARTED_S if case.restart else GUARDED_S
    seen = _Signs(world)
    while (now_s := time.monotonic() - from_s) < 2 * allowed_s:
        if seen.all_well(case):
            return now_s
        await asyncio.sleep(0.1)
    return None


class _Signs:
    """What can be seen in the cluster, and whether a holder of the Lease shows signs of life."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._first = str(world.lease().get("renewTime"))
        table = world.environment.table.phases
        tails = [phase.settle.ratio for phase in table if phase.settle]
        self._ratios: set[PDRatio] = {*(phase.ratio for phase in table), *tails}

    def all_well(self, case: Case) -> bool:
        lease = self._world.lease()
        renewed = str(lease.get("renewTime")) != self._first
        held = bool(lease.get("holderIdentity")) and renewed
        if self._world.paused():
            alive = held and self._world.pauser() == lease["holderIdentity"]
            return case.restart and alive and self._world.desired() in self._ratios
        return held or not case.restart  # KEDA scales; it is nobody else's matter how


def _judge(outcome: Outcome) -> None:
    case, allowed_s = outcome.case, RESTARTED_S if outcome.case.restart else GUARDED_S
    if outcome.settled_s is None or outcome.settled_s > allowed_s:
        outcome.wrong.append(f"all well after {outcome.settled_s} s, allowed: {allowed_s:g} s")
    if case.signal == "SIGTERM" and outcome.ended not in (0, None):
        outcome.wrong.append(f"ended with {outcome.ended}, allowed: 0")
    if case.signal == "SIGTERM" and outcome.ended_s > TERMINATED_S:
        outcome.wrong.append(f"ended after {outcome.ended_s:.0f} s, allowed: {TERMINATED_S:g} s")


async def kill_often(chosen: Sequence[Case], together: int) -> list[Outcome]:
    """Carry out cases, some side by side."""
    places = asyncio.Semaphore(together)

    async def one(case: Case) -> Outcome:
        async with places:
            outcome = await run_case(case)
        words = "; ".join(outcome.wrong) or f"well after {outcome.settled_s:.1f} s"
        print(f"kills: {case} ({outcome.where}): {words}", flush=True)  # noqa: T201
        return outcome

    return list(await asyncio.gather(*map(one, chosen)))


def run(size: Size, seed: int) -> list[Figure]:
    """The part of `make chaos`; the steps are counted off, nothing is left to chance."""
    steps = STEPS if size == "full" else _SLICE_STEPS
    outcomes = asyncio.run(kill_often(cases(RUNS[size], steps), TOGETHER))
    waits = {
        restart: [each.settled_s or 999.0 for each in outcomes if each.case.restart is restart]
        for restart in (True, False)
    }
    return [
        at_least("real panels killed", len(outcomes), RUNS[size]),
        equal("of them something was wrong", sum(bool(each.wrong) for each in outcomes), 0),
        at_most("s until well after a restart, the longest", max(waits[True]), RESTARTED_S),
        at_most("s until resumed by the guardian, the longest", max(waits[False]), GUARDED_S),
        Figure("distinct phases and requests", str(len({each.where for each in outcomes}))),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS["full"])
    parser.add_argument("--together", type=int, default=TOGETHER)
    parser.add_argument("--number", type=int, help="this run alone")
    asked = parser.parse_args()
    if asked.number is not None:
        print(asyncio.run(run_case(cases(asked.runs)[asked.number])))  # noqa: T201
        return 0
    outcomes = asyncio.run(kill_often(cases(asked.runs), asked.together))
    wrong = sum(bool(each.wrong) for each in outcomes)
    print(f"kills: {len(outcomes)} panels, {wrong} times something was wrong")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
