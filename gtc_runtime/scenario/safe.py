"""The safe state: no load, the initial ratio, KEDA in charge; works with the panel dead.

It takes the Lease by force and first writes the mode down, which asks any living panel to stop
its load. This module must not know phases or the load engine.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final

from gtc_runtime.cluster.api.errors import KubeError
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.cluster.state import StateStore, with_event
from gtc_runtime.scenario.seized import seize
from gtc_spec.pools import PDRatio

_log = logging.getLogger(__name__)

SAFE_MODE: Final = "safe"
"""Value of ``mode`` in the stored state that asks a panel to stop its load and stay manual."""


@dataclass(frozen=True)
class SafeReport:
    """What was done and what could not be done, one line each."""

    done: tuple[str, ...]
    failed: tuple[str, ...]


async def make_safe(
    kube: Kube, initial: PDRatio, gpu_budget: int, times: LeaseTimes = TIMES
) -> SafeReport:
    """Stop the load, order the initial ratio, then give the pools back to KEDA.

    Every step is tried whatever became of the one before it.

    Args:
        kube: A client of the workload's namespace.
        initial: The ratio at rest.
        gpu_budget: GPUs of the cluster.
        times: Times of the Lease.

    Raises:
        Unreachable: Kubernetes does not answer at all.
        KubeError: The Lease cannot be taken, so nothing was touched.
    """
    seized = await seize(kube, "safe", times)
    lease = seized.lease
    done: list[str] = []
    failed: list[str] = []

    async def step(said: str, work: Awaitable[object]) -> None:
        try:
            await work
            done.append(said)
        except KubeError as error:
            failed.append(f"{said}: {error.message}")

    async with lease.kept():
        await step("load asked to stop", StateStore(kube).update(lease.epoch, _safe))
        await seized.outlast_rival()
        await step(f"ratio {initial} ordered", Scaling(kube, gpu_budget).set_ratio(initial))
        await step("keda resumed", Keda(kube).resume())
    return SafeReport(tuple(done), tuple(failed))


def _safe(document: Json) -> Json:
    return with_event(document | {"mode": SAFE_MODE}, "warning", "safe state ordered by hand")
