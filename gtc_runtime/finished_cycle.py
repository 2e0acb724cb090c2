"""Waits for the end of a cycle and reports on it, when every request of it has ended.

It must not know what counts as good.
"""

from __future__ import annotations

import asyncio
from typing import Any

from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.load.control import LoadControl
from gtc_runtime.scenario import report as reports
from gtc_runtime.scenario.conductor import Conductor
from gtc_spec.errors import GtcError

LOOK_S = 0.25
DRAIN_S = 120.0
"""Longest wait for open requests at the end of a run: 2,000 tokens at 33 ms take 66 s."""


async def report(conductor: Conductor, load: LoadControl, cluster: Cluster) -> dict[str, Any]:
    """Phases, totals and the state that the cycle left; waits until auto mode has ended for good.

    Raises:
        GtcError: Auto mode ended before the cycle was over.
    """
    await _over(conductor)
    if not conductor.completed:
        raise GtcError("the cycle was broken off", "see the events of the panel's log")
    await load.drained(DRAIN_S)
    await asyncio.sleep(1)  # the last snapshot is at most 250 ms away
    state = await cluster.poller.poll()
    return {
        **reports.cycle(conductor.log, load.book),
        "keda": {"paused": state.keda.state.startswith("paused")},
        "pools_final": {role: pool.desired for role, pool in state.pools.items()},
    }


async def _over(conductor: Conductor) -> None:
    """Wait until auto mode has ended and its show cannot be resumed any more."""
    await conductor.left.wait()
    while conductor.may_resume:
        await asyncio.sleep(LOOK_S)
        await conductor.left.wait()
