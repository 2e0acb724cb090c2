"""What processes ask their operating system: the time of day, who they are, and who is dead.

While a world lives, the runtime's modules get its answers instead of this machine's.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.simulated.loop import PROCESS, Process, VirtualLoop

EPOCH = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


class Host:
    """The answers of one world.

    Args:
        loop: Its time.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.processes: dict[str, Process] = {}

    def wall(self, process: Process | None = None) -> datetime:
        """The time of day as a process sees it; None for the true one."""
        skew_s = 0.0 if process is None else process.skew_s + process.wall_skew_s
        return EPOCH + timedelta(seconds=self._loop.now_s + skew_s)

    def identity(self, role: str) -> str:
        """A fresh identity of the process that asks."""
        process = PROCESS.get()
        assert process is not None
        known = f"{role}@{process.host}/{process.name}"
        self.processes[known] = process
        return known

    def is_dead(self, identity: str) -> bool:
        """Whether the holder of an identity is dead, as far as that is known on one's own host."""
        process, asking = self.processes.get(identity), PROCESS.get()
        if process is None or asking is None or process.host != asking.host:
            return False
        return not process.alive


@contextlib.contextmanager
def answering(host: Host, seed: int) -> Iterator[None]:
    """The runtime asks this host, and its jitter comes from this seed, while the block runs."""

    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return host.wall(PROCESS.get()).astimezone(tz)

    replaced: list[tuple[Any, str, Any]] = []

    def replace(module: Any, name: str, value: Callable[..., Any]) -> None:
        replaced.append((module, name, getattr(module, name)))
        setattr(module, name, value)

    chance = random.getstate()
    random.seed(seed)
    for name, module in sorted(sys.modules.items()):
        if not name.startswith("gtc_runtime."):
            continue
        if getattr(module, "datetime", None) is datetime:
            replace(module, "datetime", Now)
        if hasattr(module, "own_identity"):
            replace(module, "own_identity", host.identity)
        if hasattr(module, "is_dead"):
            replace(module, "is_dead", host.is_dead)
    try:
        yield
    finally:
        for module, name, before in reversed(replaced):
            setattr(module, name, before)
        random.setstate(chance)
