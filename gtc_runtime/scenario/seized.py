"""The Lease taken by force, for verbs that are asked for when the panel is dead or not trusted.

This module must not know what is done with it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gtc_runtime.cluster.api.errors import KubeError
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.identity import own_identity
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.lease_view import LeaseTimes
from gtc_runtime.cluster.state import StateStore


@dataclass(frozen=True)
class Seized:
    """A Lease that was taken, to be held with ``lease.kept()``.

    Attributes:
        lease: Ours now.
        rival: Who held it; empty when nobody did.
        times: Times of the Lease.
    """

    lease: Lease
    rival: str
    times: LeaseTimes

    async def outlast_rival(self) -> None:
        """Wait until the rival must have noticed; returns at once without one."""
        if self.rival:
            # It learns of its loss at its next renewal; until then it may still write.
            await asyncio.sleep(self.times.renew_s + self.times.call_s / 4)


async def seize(kube: Kube, role: str, times: LeaseTimes) -> Seized:
    """Take the Lease whoever holds it.

    Args:
        kube: A client of the workload's namespace.
        role: What this process is to the demo, one word; part of its identity.
        times: Times of the Lease.

    Raises:
        KubeError: It cannot be taken, or Kubernetes does not answer.
    """
    lease = Lease(kube, own_identity(role), times)
    stored = await StateStore(kube).read()
    rival = (await lease.poll()).holder
    if not await lease.acquire(force=True, epoch_floor=stored.epoch):
        raise KubeError(f"the lease could not be taken from {rival}", "try again")
    return Seized(lease, rival, times)
