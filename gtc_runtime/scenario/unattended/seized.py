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
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.writer import Writer


@dataclass(frozen=True)
class Seized:
    """A Lease that was taken, and what may be written as long as nobody takes it from us.

    Attributes:
        writer: Writes; each write is refused once the Lease is no longer ours.
        previous: Who held the Lease; empty when nobody did.
        times: Times of the Lease.
    """

    writer: Writer
    previous: str
    times: LeaseTimes

    async def record(self, change: Callable[[Json], Json]) -> None:
        """Change the stored state, which a living panel reads.

        Raises:
            KubeError: It was not written.
        """
        await self.writer.state.update(self.writer.lease.epoch, change)

    async def wait_for_previous(self) -> None:
        """Wait until the holder before us must have noticed; returns at once without one."""
        if self.previous:
            # It learns of its loss at its next renewal; until then it may still write.
            await asyncio.sleep(self.times.renew_s + self.times.call_s / 4)


@contextlib.asynccontextmanager
async def seized(
    kube: Kube, gpu_budget: int, role: str, times: LeaseTimes = TIMES
) -> AsyncIterator[Seized]:
    """Take the Lease whoever holds it, renew it while the block runs, and give it back.

    Args:
        kube: A client of the workload's namespace.
        gpu_budget: GPUs of the cluster.
        role: What this process is to the demo, one word; part of its identity.
        times: Times of the Lease.

    Raises:
        KubeError: It cannot be taken, or Kubernetes does not answer.
    """
    writer = Writer.of(kube, gpu_budget, role, times)
    stored = await writer.state.read()
    previous = (await writer.lease.poll()).holder
    if not await writer.lease.acquire(force=True, epoch_floor=stored.epoch):
        raise KubeError(f"the lease could not be taken from {previous}", "try again")
    async with writer.lease.kept():
        yield Seized(writer, previous, times)
