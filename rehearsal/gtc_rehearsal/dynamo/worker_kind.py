"""Which processes are workers: a port of `Dynamo`, and the simulator behind it.

The real ones are in `gtc_rehearsal.dynamo.real`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gtc_rehearsal.dynamo.dynamo_settings import (
    PORTS,
    DynamoSettings,
    WorkerRole,
    process_env,
    worker_command,
)
from gtc_rehearsal.dynamo.model_dir import ensure_model_dir
from gtc_rehearsal.dynamo.probes import Probes
from gtc_rehearsal.ports import HeldPort
from gtc_spec.engines.mocker import MAX_SEQUENCES
from gtc_spec.engines.timings import npz
from gtc_spec.profiles.profile import Profile

START_DEADLINE_S = 60.0
"""From launch (or from the opened gate) to an answer: 1-3 s alone, 13 s under full load."""


@dataclass(frozen=True)
class Home:
    """Folders of Dynamo's processes.

    Attributes:
        root: All of them, and their home.
        discovery: Where processes find each other.
    """

    root: Path
    discovery: Path


@dataclass(frozen=True)
class Launch:
    """A worker to be started.

    Attributes:
        command: Program and arguments.
        env: The complete environment.
        port: Where its probes and metrics answer.
        gated: Whether it loads and then waits for a byte; else it is ready when it is.
    """

    command: list[str]
    env: Mapping[str, str]
    port: int
    gated: bool


class WorkerKind(Protocol):
    """Says how workers are started."""

    @property
    def start_deadline_s(self) -> float:
        """Longest wait from launch (or from the opened gate) to an answer."""

    def prepare(self, home: Home) -> Path:
        """Write what workers and frontend read; the directory of the model.

        Raises:
            OSError: It cannot be written.
            GtcError: There is no such model.
        """

    async def launch(self, name: str, role: WorkerRole, home: Home, held: ExitStack) -> Launch:
        """What to start for a worker.

        Args:
            name: Its pod's name.
            role: What it does.
            home: Folders of Dynamo's processes.
            held: Gets what the worker has until its process is gone: its ports, its GPU.

        Raises:
            GtcError: There is no place for it.
        """

    async def drained(self, metrics_url: str, probes: Probes) -> None:
        """Return when a worker that was sent SIGTERM may be ended; one that goes itself need not.

        Args:
            metrics_url: Its metrics.
            probes: Ask them.
        """


class Simulated:
    """Dynamo's simulator, with the times of a profile.

    Args:
        settings: Facts about the model and its workers.
    """

    start_deadline_s = START_DEADLINE_S

    def __init__(self, settings: DynamoSettings) -> None:
        self._settings = settings
        self._model_dir = self._timings = Path()

    def prepare(self, home: Home) -> Path:
        """Write model directory and timings."""
        self._timings = home.root / "timings.npz"
        self._timings.write_bytes(npz(Profile.load(self._settings.profile), MAX_SEQUENCES))
        served = self._settings.served_name
        self._model_dir = ensure_model_dir(home.root / "models", served)
        return self._model_dir

    async def launch(self, name: str, role: WorkerRole, home: Home, held: ExitStack) -> Launch:
        """One simulator behind its gate."""
        del name  # one is like the other
        port = held.enter_context(HeldPort(PORTS)).number
        command = worker_command(self._settings, role, self._model_dir, self._timings)
        env = process_env(self._settings, home.discovery, home.root, port)
        return Launch(command, env, port, gated=True)

    async def drained(self, metrics_url: str, probes: Probes) -> None:
        """It goes itself, after its last stream."""
        del metrics_url, probes
        await asyncio.Event().wait()
