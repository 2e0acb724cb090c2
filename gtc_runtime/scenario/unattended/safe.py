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
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.state import with_event
from gtc_runtime.scenario.unattended.seized import seized
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
    done: list[str] = []
    failed: list[str] = []

    async def step(name: str, work: Awaitable[object]) -> None:
        try:
            await work
            done.append(name)
        except KubeError as error:
            failed.append(f"{name}: {error.message}")

    async with seized(kube, gpu_budget, "safe", times) as ours:
        await step("load asked to stop", ours.record(_safe))
        await ours.wait_for_previous()
        await step(f"ratio {initial} ordered", ours.writer.scaling.set_ratio(initial))
        await step("keda resumed", ours.writer.keda.resume())
    return SafeReport(tuple(done), tuple(failed))


def _safe(document: Json) -> Json:
    return with_event(document | {"mode": SAFE_MODE}, "warning", "safe state ordered by hand")
