"""Real panels, killed at each step that changes the cluster: what becomes of KEDA and of replicas?

    python -m tests.chaos.run --part kills
    python -m tests.chaos.processes.kills --runs 60 --number 17

A run is a `gtc serve --auto --once` and a `gtc guardian`, processes of their own, against the
rehearsal's API in this one. The API ends the panel when its Nth request that changes something
arrives: before it is carried out, or after. Then the panel is started again, or the guardian is on
its own. Phases are short; the times of Lease and guardian are the real ones.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from aiohttp import web

from gtc_spec import names
from gtc_spec.environment import load
from tests.app.conftest import World
from tests.chaos.parts import Figure, Size
from tests.chaos.processes.cases import STEPS, Case, cases
from tests.chaos.processes.commands import Forked, Process, started
from tests.chaos.processes.outcome import Outcome, allowed_s, figures
from tests.chaos.processes.signs import Trace
from tests.faulty_api.server import FaultyApiServer

RUNS: Final[Mapping[Size, int]] = {"full": 60, "slice": 4}
TOGETHER: Final = 4
REACHED_S = 180.0
"""Longest wait for the step at which a panel is to die; a cycle takes a minute."""
ENDED_S = 60.0
_CHANGES = ("PATCH", "PUT", "POST")
_NO_STEPS = ("/leases/", "/selfsubjectaccessreviews")
_SLICE_STEPS: Final = 8
"""The first of them, within seconds."""


class DeadlyApi(FaultyApiServer):
    """The API that the panel talks to; it ends the panel at one of its requests."""

    def __init__(self, store: Any, case: Case) -> None:
        super().__init__(store)
        self._case, self._seen = case, 0
        self.pid = 0
        self.struck, self.asked = asyncio.Event(), asyncio.Event()
        self.where = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.set()
        if not self.pid or self.struck.is_set() or not await self._due(request):
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

    async def _due(self, request: web.Request) -> bool:
        """Whether this is the step; what gives KEDA its last pool back is it at the latest."""
        if request.method not in _CHANGES or any(each in request.path for each in _NO_STEPS):
            return False
        self._seen += 1
        resumed = f'"{names.ANNOTATION_PAUSED}": null'.encode()
        last = request.path.endswith(names.scaler("decode")) and resumed in await request.read()
        return last or self._seen >= self._case.step


async def run_case(case: Case) -> Outcome:
    """One panel's death, and what comes after it."""
    outcome = Outcome(case)
    async with AsyncExitStack() as stack:
        world, deadly, guardian = await _world(stack, case)
        serve = (*_serve(case), "--auto", "--once"), _environ(world, world.kubeconfig), _log(world)
        panel = await started(*serve) if case.signal == "SIGTERM" else Forked(*serve)
        _until_the_end(stack, panel)
        deadly.pid = panel.pid
        try:
            async with asyncio.timeout(REACHED_S):
                await deadly.struck.wait()
            dying = await _traced(stack, outcome, world, panel)
            acting = await _traced(stack, outcome, world, guardian)
            outcome.where = f"{world.stored().get('phase', 'start')}: {deadly.where}"
            async with asyncio.timeout(ENDED_S):
                outcome.ended = await panel.wait()
            dying.note("ended")
            if case.restart:
                acting = await _restarted(stack, outcome, world, deadly)
            outcome.settled = await acting.settled(case, 2 * allowed_s(case))
        except TimeoutError:
            outcome.wrong.append("the step was never reached, or the panel never ended")
        log = _log(world).read_text(errors="replace")
    outcome.judge(log)
    return outcome


async def _restarted(
    stack: AsyncExitStack, outcome: Outcome, world: World, deadly: DeadlyApi
) -> Trace:
    """Start the panel again; its trace begins with its process."""
    deadly.asked.clear()
    outcome.traces.pop()  # the guardian's
    environ = _environ(world, world.kubeconfig)
    panel = await started(_serve(outcome.case), environ, _log(world))
    trace = await _traced(stack, outcome, world, _until_the_end(stack, panel))

    async def first_question() -> None:
        await deadly.asked.wait()
        trace.note("asked")

    await stack.enter_async_context(_beside(first_question()))
    return trace


async def _traced(stack: AsyncExitStack, outcome: Outcome, world: World, process: Process) -> Trace:
    trace = Trace(world, process.pid)
    outcome.traces.append(trace)
    await stack.enter_async_context(_beside(trace.follow()))
    return trace


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something goes on meanwhile."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _world(stack: AsyncExitStack, case: Case) -> tuple[World, DeadlyApi, Process]:
    """The cluster around the panel, with a guardian that sees it by an API of its own."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    world = World(load("prod").scaled(case.time_scale), folder)
    world.frontend.word_s, world.frontend.words_max = 0.0, 5
    deadly = world.api = DeadlyApi(world.store, case)
    guarded = FaultyApiServer(world.store)
    await world.start()
    stack.push_async_callback(world.stop)
    await guarded.start()
    stack.push_async_callback(guarded.stop)
    kubeconfig = folder / "kubeconfig-guardian"
    kubeconfig.write_text(yaml.safe_dump(guarded.kubeconfig()))
    guarding = ("guardian", "--env", "prod")
    guardian = _until_the_end(stack, Forked(guarding, _environ(world, kubeconfig), _log(world)))
    return world, deadly, guardian


def _serve(case: Case) -> tuple[str, ...]:
    scale = ("--time-scale", str(case.time_scale))
    return ("serve", "--env", "prod", *scale, "--headless", "--port", "0")


def _environ(world: World, kubeconfig: Path) -> dict[str, str]:
    return {
        "KUBECONFIG": str(kubeconfig),
        "GTC_FRONTEND_URL": world.frontend.url,
        "GTC_STATE_DIR": str(kubeconfig.parent / "state"),
        "GTC_METRICS_PORT": "0",
    }


def _log(world: World) -> Path:
    return world.kubeconfig.parent / "log"


def _until_the_end(stack: AsyncExitStack, process: Process) -> Process:
    stack.push_async_callback(_end, process)
    return process


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def kill_often(chosen: Sequence[Case], together: int) -> list[Outcome]:
    """Carry out cases, some side by side."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # clients die here
    places = asyncio.Semaphore(together)

    async def one(case: Case) -> Outcome:
        async with places:
            outcome = await run_case(case)
        print(f"kills: {outcome}", flush=True)  # noqa: T201
        return outcome

    return list(await asyncio.gather(*map(one, chosen)))


def run(size: Size, seed: int) -> list[Figure]:
    """The part of `make chaos`; the steps are counted off, nothing is left to chance."""
    chosen = cases(RUNS[size], STEPS if size == "full" else _SLICE_STEPS)
    outcomes = asyncio.run(kill_often(chosen, TOGETHER))
    return figures(outcomes, RUNS[size])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS["full"])
    parser.add_argument("--number", type=int, required=True, help="this run alone")
    asked = parser.parse_args()
    outcome = asyncio.run(run_case(cases(asked.runs)[asked.number]))
    print(outcome)  # noqa: T201
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
