"""Dynamo itself: the real frontend and one worker per pod, simulated or real, as child processes.

This module must not know Kubernetes: the operator's part decides who runs and when.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gtc_rehearsal.child import Child
from gtc_rehearsal.dynamo.dynamo_settings import (
    PORTS,
    DynamoSettings,
    WorkerRole,
    frontend_command,
    process_env,
)
from gtc_rehearsal.dynamo.model_dir import working_dir
from gtc_rehearsal.dynamo.probes import Probes
from gtc_rehearsal.dynamo.worker_kind import (
    START_DEADLINE_S,
    Home,
    Launch,
    Simulated,
    WorkerKind,
)
from gtc_rehearsal.ports import HeldPort
from gtc_spec.errors import GtcError

POLL_S = 0.1
STOP_S = 3.0
"""What the end of a rehearsal leaves a process after SIGTERM: the simulator takes 0.5 s; vLLM wants
7.5 s, of which 5 are a wait for streams, and these are cut anyway."""
FRONTEND = "frontend"
"""Name of the frontend's process."""

_Answers = Callable[[], Awaitable[bool]]
_WORKER_ID = re.compile(r'worker_id="([0-9a-f]+)"')


@dataclass(frozen=True)
class Worker:
    """One worker.

    Attributes:
        name: Its pod's name.
        role: What it does.
        metrics_url: Where its Prometheus metrics are, except while it drains.
    """

    name: str
    role: WorkerRole
    metrics_url: str
    _child: Child = field(repr=False)

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._child.alive

    async def ended(self) -> None:
        """Wait until its process has ended."""
        await self._child.ended()


class Dynamo:
    """Owns the frontend and all workers.

    Args:
        settings: Facts about the model and its workers.
        state_dir: Where the model directory, timings, logs and discovery entries are kept.
        kind: Which processes are workers. Default: simulated ones.
    """

    def __init__(
        self, settings: DynamoSettings, state_dir: Path, kind: WorkerKind | None = None
    ) -> None:
        self._settings = settings
        self._kind = kind or Simulated(settings)
        root = state_dir.resolve() / "dynamo"
        self._home = Home(root, root / "discovery")
        self._logs = root / "logs"
        self._model_dir = root
        self._frontend: Child | None = None
        self._router_mode = ""
        self._frontend_port: HeldPort | None = None
        self._workers: dict[str, Worker] = {}
        self._serving: set[str] = set()
        self._deregistrations: dict[str, asyncio.Task[None]] = {}
        self._probes = Probes()

    @property
    def url(self) -> str:
        """Base URL of the frontend; valid once `start` has returned."""
        port = 0 if self._frontend_port is None else self._frontend_port.number
        return f"http://127.0.0.1:{port}"

    async def frontend_ended(self) -> None:
        """Wait until the frontend's process has ended; at once when there is none."""
        if self._frontend is not None:
            await self._frontend.ended()

    def workers(self) -> list[Worker]:
        """The workers that take requests; neither those that load nor those that drain."""
        return [self._workers[name] for name in self._serving if self._workers[name].alive]

    async def start(self, router_mode: str = "kv") -> str:
        """Prepare the files and start the frontend; again after it died, on the same port.

        Args:
            router_mode: Routing; a frontend that routes otherwise is replaced.

        Returns:
            Base URL of the frontend.

        Raises:
            GtcError: Files cannot be written, or the frontend does not answer in time.
        """
        if self._frontend is not None and self._frontend.alive:
            if router_mode == self._router_mode:
                return self.url
            await self._frontend.stop()
        self._router_mode = router_mode
        if self._frontend_port is None:
            await asyncio.to_thread(self._prepare)
            self._frontend_port = HeldPort(PORTS)
        self._frontend = await Child.start(
            FRONTEND,
            frontend_command(self._settings, self._frontend_port.number, router_mode),
            env=process_env(self._settings, self._home.discovery, self._home.root),
            cwd=working_dir(self._model_dir, self._settings.served_name),
            log=self._logs / f"{FRONTEND}.log",
        )
        await self._until(self._frontend, self._frontend_answers, START_DEADLINE_S)
        return self.url

    async def start_worker(self, name: str, role: WorkerRole, delay_s: float = 0.0) -> Worker:
        """Start a worker and wait until it takes requests.

        A simulated one starts at once but stays behind its gate, unknown to the router, until the
        delay is over; so no request can reach it earlier. A real one takes what time it takes.
        Cancelling ends the process.

        Args:
            name: Its pod's name; also names its log.
            role: What it does.
            delay_s: How long it pretends to load weights, seconds.

        Raises:
            GtcError: The name is taken, or the worker does not answer in time.
        """
        if name in self._workers:
            raise GtcError(f"worker {name} is running already")
        opens_at = asyncio.get_running_loop().time() + delay_s
        with contextlib.ExitStack() as held:
            launch = await self._kind.launch(name, role, self._home, held)
            worker = await self._launch(name, role, launch)
            child = worker._child
            try:
                if launch.gated:
                    await _until_time_or_end(opens_at, child)
                    await child.write(b"\n")
                answers = partial(self._worker_answers, launch.port)
                await self._until(child, answers, self._kind.start_deadline_s)
                worker_id = await self._worker_id(worker)
            except BaseException:
                self._workers.pop(name, None)
                # SIGTERM first: past its gate it may be on the router's list already
                await asyncio.shield(child.stop(STOP_S))
                raise
            ending = self._deregister_at_end(child, worker_id, held.pop_all())
        self._deregistrations[name] = asyncio.create_task(ending)
        self._serving.add(name)
        return worker

    async def stop_worker(self, name: str, drain_s: float) -> None:
        """Take a worker out of the router, let its requests finish, then end it.

        SIGTERM does all of that in the simulator (seen: every stream finished), and what is left to
        do in a real worker its kind knows; what is still there after `drain_s` seconds is killed. A
        worker that is gone already is no error.
        """
        worker = self._workers.get(name)
        if worker is None:
            return
        self._serving.discard(name)
        await worker._child.drain(drain_s, self._kind.drained(worker.metrics_url, self._probes))
        deregistration = self._deregistrations.pop(name, None)
        if deregistration is not None:
            await deregistration
        self._workers.pop(name, None)

    async def stop(self) -> None:
        """End everything within about four seconds; streams that are open are cut."""
        self._serving.clear()
        children = [worker._child for worker in self._workers.values()]
        if self._frontend is not None:
            children.append(self._frontend)
        await asyncio.gather(*(child.stop(STOP_S) for child in children))
        await asyncio.gather(*self._deregistrations.values())
        self._workers.clear()
        self._deregistrations.clear()
        await self._probes.close()
        self._frontend = None
        if self._frontend_port is not None:
            self._frontend_port.close()
            self._frontend_port = None

    async def _launch(self, name: str, role: WorkerRole, launch: Launch) -> Worker:
        """Start a worker's process."""
        child = await Child.start(
            name,
            launch.command,
            env=launch.env,
            cwd=working_dir(self._model_dir, self._settings.served_name),
            log=self._logs / f"{name}.log",
            piped=launch.gated,
        )
        worker = Worker(name, role, f"http://127.0.0.1:{launch.port}/metrics", child)
        self._workers[name] = worker
        return worker

    def _prepare(self) -> None:
        """Write model directory and timings; forget entries and logs of an earlier run."""
        try:
            for directory in (self._home.discovery, self._logs):
                shutil.rmtree(directory, ignore_errors=True)
                directory.mkdir(parents=True)
            self._model_dir = self._kind.prepare(self._home)
        except OSError as error:
            raise GtcError(
                f"cannot write below {self._home.root}: {error.strerror or error}",
                "choose another place with GTC_STATE_DIR",
            ) from error

    async def _until(self, child: Child, answers: _Answers, deadline_s: float) -> None:
        """Wait for a child's answer.

        Raises:
            GtcError: It died, or the deadline passed.
        """
        try:
            async with asyncio.timeout(deadline_s):
                while not await answers():
                    if not child.alive:
                        raise GtcError(
                            f"{child.name} ended with code {child.exit_code} while starting",
                            child.log_tail(),
                        )
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise GtcError(
                f"{child.name} did not answer within {deadline_s:g} s", f"see {child.log}"
            ) from None

    async def _frontend_answers(self) -> bool:
        return await self._probes.document(f"{self.url}/health") is not None

    async def _worker_answers(self, port: int) -> bool:
        """Whether its endpoint is served; the overall status of 1.4.2 may never become ready."""
        health = await self._probes.document(f"http://127.0.0.1:{port}/health") or {}
        endpoints = health.get("endpoints")
        served = isinstance(endpoints, dict) and endpoints.get("generate") == "ready"
        return served or health.get("status") == "ready"

    async def _worker_id(self, worker: Worker) -> str:
        """Its id in the discovery directory, hexadecimal; empty when the metrics do not say."""
        found = _WORKER_ID.search(await self._probes.text(worker.metrics_url) or "")
        return found[1] if found else ""

    async def _deregister_at_end(
        self, child: Child, worker_id: str, held: contextlib.ExitStack
    ) -> None:
        """When a worker ends, however it ends, let go what it held, and its place with the router.

        A killed one cannot do that itself, and the router would go on sending requests to it.
        """
        with held:
            await child.ended()
        if not worker_id:
            return
        for entry in self._home.discovery.rglob(f"*{worker_id}"):
            with contextlib.suppress(FileNotFoundError):
                entry.unlink()


async def _until_time_or_end(when: float, child: Child) -> None:
    """Wait for a moment of the loop's clock, or for a child that ends before."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(when):
            await child.ended()
