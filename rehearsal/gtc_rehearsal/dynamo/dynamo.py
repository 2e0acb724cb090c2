"""Dynamo itself: the real frontend and one simulated worker per pod, as child processes.

This module must not know Kubernetes: the operator's part decides who runs and when.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from gtc_rehearsal.child import Child
from gtc_rehearsal.dynamo.dynamo_settings import (
    PORTS,
    DynamoSettings,
    WorkerRole,
    frontend_command,
    process_env,
    worker_command,
)
from gtc_rehearsal.dynamo.model_dir import ensure_model_dir, working_dir
from gtc_rehearsal.dynamo.probes import Probes
from gtc_rehearsal.ports import HeldPort
from gtc_spec.engines.mocker import MAX_SEQUENCES
from gtc_spec.engines.timings import npz
from gtc_spec.errors import GtcError
from gtc_spec.profiles.profile import Profile

START_DEADLINE_S = 60.0
"""From launch (or from the opened gate) to an answer: 1-3 s alone, 13 s under full load."""
POLL_S = 0.1
FRONTEND = "frontend"
"""Name of the frontend's process."""

_Answers = Callable[[], Awaitable[bool]]
_WORKER_ID = re.compile(r'worker_id="([0-9a-f]+)"')


@dataclass(frozen=True)
class Worker:
    """One simulated worker.

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
    """

    def __init__(self, settings: DynamoSettings, state_dir: Path) -> None:
        self._settings = settings
        self._home = state_dir.resolve() / "dynamo"
        self._discovery = self._home / "discovery"
        self._logs = self._home / "logs"
        self._timings = self._home / "timings.npz"
        self._model_dir = self._home
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
            env=process_env(self._settings, self._discovery, self._home),
            cwd=working_dir(self._model_dir, self._settings.served_name),
            log=self._logs / f"{FRONTEND}.log",
        )
        await self._until(self._frontend, self._frontend_answers)
        return self.url

    async def start_worker(self, name: str, role: WorkerRole, delay_s: float = 0.0) -> Worker:
        """Start a worker and wait until it takes requests.

        Its process starts at once but stays behind its gate, unknown to the router, until the
        delay is over; so no request can reach it earlier. Cancelling ends the process.

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
            port = held.enter_context(HeldPort(PORTS)).number
            worker = await self._launch(name, role, port)
            child = worker._child
            try:
                await _until_time_or_end(opens_at, child)
                await child.write(b"\n")
                await self._until(child, lambda: self._worker_answers(port))
                worker_id = await self._worker_id(worker)
            except BaseException:
                self._workers.pop(name, None)
                # SIGTERM first: past its gate it may be on the router's list already
                await asyncio.shield(child.stop())
                raise
            ending = self._deregister_at_end(child, worker_id, held.pop_all())
        self._deregistrations[name] = asyncio.create_task(ending)
        self._serving.add(name)
        return worker

    async def stop_worker(self, name: str, drain_s: float) -> None:
        """Take a worker out of the router, let its requests finish, then end it.

        SIGTERM does all of that in the simulator (seen: every stream finished); what is still
        there after `drain_s` seconds is killed. A worker that is gone already is no error.
        """
        worker = self._workers.get(name)
        if worker is None:
            return
        self._serving.discard(name)
        await worker._child.stop(drain_s)
        deregistration = self._deregistrations.pop(name, None)
        if deregistration is not None:
            await deregistration
        self._workers.pop(name, None)

    async def stop(self) -> None:
        """End everything within about five seconds; streams that are open are cut."""
        self._serving.clear()
        children = [worker._child for worker in self._workers.values()]
        if self._frontend is not None:
            children.append(self._frontend)
        await asyncio.gather(*(child.stop() for child in children))
        await asyncio.gather(*self._deregistrations.values())
        self._workers.clear()
        self._deregistrations.clear()
        await self._probes.close()
        self._frontend = None
        if self._frontend_port is not None:
            self._frontend_port.close()
            self._frontend_port = None

    async def _launch(self, name: str, role: WorkerRole, port: int) -> Worker:
        """Start a worker's process, which waits behind its gate."""
        child = await Child.start(
            name,
            worker_command(self._settings, role, self._model_dir, self._timings),
            env=process_env(self._settings, self._discovery, self._home, port),
            cwd=working_dir(self._model_dir, self._settings.served_name),
            log=self._logs / f"{name}.log",
            piped=True,
        )
        worker = Worker(name, role, f"http://127.0.0.1:{port}/metrics", child)
        self._workers[name] = worker
        return worker

    def _prepare(self) -> None:
        """Write model directory and timings; forget entries and logs of an earlier run."""
        try:
            for directory in (self._discovery, self._logs):
                shutil.rmtree(directory, ignore_errors=True)
                directory.mkdir(parents=True)
            profile = Profile.load(self._settings.profile)
            self._timings.write_bytes(npz(profile, MAX_SEQUENCES))
        except OSError as error:
            raise GtcError(
                f"cannot write below {self._home}: {error.strerror or error}",
                "choose another place with GTC_STATE_DIR",
            ) from error
        self._model_dir = ensure_model_dir(self._home / "models", self._settings.served_name)

    async def _until(self, child: Child, answers: _Answers) -> None:
        """Wait for a child's answer.

        Raises:
            GtcError: It died, or the deadline passed.
        """
        try:
            async with asyncio.timeout(START_DEADLINE_S):
                while not await answers():
                    if not child.alive:
                        raise GtcError(
                            f"{child.name} ended with code {child.exit_code} while starting",
                            child.log_tail(),
                        )
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise GtcError(
                f"{child.name} did not answer within {START_DEADLINE_S:g} s", f"see {child.log}"
            ) from None

    async def _frontend_answers(self) -> bool:
        return await self._probes.document(f"{self.url}/health") is not None

    async def _worker_answers(self, port: int) -> bool:
        """Whether its endpoint is served; the overall status of 1.4.2 may never become ready."""
        health = await self._probes.document(f"http://127.0.0.1:{port}/health") or {}
        endpoints = health.get("endpoints")
        return isinstance(endpoints, dict) and endpoints.get("generate") == "ready"

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
        for entry in self._discovery.rglob(f"*{worker_id}"):
            with contextlib.suppress(FileNotFoundError):
                entry.unlink()


async def _until_time_or_end(when: float, child: Child) -> None:
    """Wait for a moment of the loop's clock, or for a child that ends before."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(when):
            await child.ended()
