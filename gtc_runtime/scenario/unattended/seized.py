"""The Lease taken by force, for verbs that are asked for when the panel is dead or not trusted.

This module must not know what is done with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from gtc_runtime.cluster.api.errors import KubeError
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.identity import is_dead
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.writer import Writer
from gtc_spec.names import EngineName


@dataclass(frozen=True)
class Seized:
    """A Lease that was taken, and what may be written as long as nobody takes it from us.

    Attributes:
        writer: Writes; each write is refused once the Lease is no longer ours.
        previous: Who held the Lease; empty when nobody did.
        fenced_at_s: When the fence of the holder before us has fallen, time of the loop.
    """

    writer: Writer
    previous: str
    fenced_at_s: float

    async def record(self, change: Callable[[Json], Json]) -> None:
        """Change the stored state, which a living panel reads.

        Raises:
            KubeError: It was not written.
        """
        await self.writer.state.update(self.writer.lease.epoch, change)

    async def wait_for_previous(self) -> None:
        """Wait until the holder before us may not write any more.

        It learns of its loss at its next renewal; one that gets no answer writes until its fence
        falls. Without a holder, or with one that is known to be dead, this returns at once.
        """
        if self.previous and not is_dead(self.previous):
            await asyncio.sleep(self.fenced_at_s - asyncio.get_running_loop().time())


@contextlib.asynccontextmanager
async def seized(
    kube: Kube,
    gpu_budget: int,
    role: str,
    times: LeaseTimes = TIMES,
    engine: EngineName = "trtllm",
) -> AsyncIterator[Seized]:
    """Take the Lease whoever holds it, renew it while the block runs, and give it back.

    Args:
        kube: A client of the workload's namespace.
        gpu_budget: GPUs of the cluster.
        role: What this process is to the demo, one word; part of its identity.
        times: Times of the Lease.
        engine: What the workers run.

    Raises:
        KubeError: It cannot be taken, or Kubernetes does not answer.
    """
    writer = Writer.of(kube, gpu_budget, role, times, engine)
    stored = await writer.state.read()
    taken = await writer.lease.acquire(force=True, epoch_floor=stored.epoch)
    previous = writer.lease.before
    if not taken:
        raise KubeError(f"the lease could not be taken from {previous}", "try again")
    fenced_at_s = asyncio.get_running_loop().time() + times.fence_s
    async with writer.lease.kept():
        yield Seized(writer, previous, fenced_at_s)
