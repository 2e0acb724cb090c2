"""The safe state: no load, the initial ratio, KEDA in charge; step by step, with what came of each.

A panel that holds the Lease takes the steps itself (`hand_back`). Whoever does not takes the Lease
by force (`make_safe`) and first writes the mode down, which asks any living panel to stop its load;
so it works with the panel dead. This module must not know phases or the load engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from gtc_runtime.cluster.api.errors import KubeError
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.keda_status import KedaStatus
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.state import with_event
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.scenario.unattended.seized import seized
from gtc_runtime.told import SafeReport
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.names import EngineName
from gtc_spec.pools import PDRatio

SAFE_MODE: Final = "safe"
"""Value of ``mode`` in the stored state that asks a panel to stop its load and stay manual."""


class SafeSteps:
    """Steps to the safe state; each is tried whatever became of the one before it."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._already: list[str] = []
        self._left: list[str] = []
        self._failed: list[str] = []

    async def take(self, name: str, work: Awaitable[object], *, names_itself: bool = False) -> None:
        """Take one step; what it raises is what came of it.

        Args:
            name: What is done when it succeeds.
            work: The step.
            names_itself: Whether what it raises says already which step this is.
        """
        try:
            await work
            self._done.append(name)
        except GtcError as error:
            self._failed.append(error.message if names_itself else f"{name}: {error.message}")

    def already(self, name: str) -> None:
        """Nothing had to be done for this one."""
        self._already.append(name)

    def left(self, what: str) -> None:
        """Something that is not ours was left as it is."""
        self._left.append(what)

    def report(self) -> SafeReport:
        """What came of them."""
        return SafeReport(
            tuple(self._done), tuple(self._failed), tuple(self._already), tuple(self._left)
        )


async def hand_back(
    writer: Writer,
    initial: PDRatio,
    steps: SafeSteps,
    resume: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Order the initial ratio, then let KEDA scale; nothing is written where it is so already.

    A pause of somebody else is named and left.

    Args:
        writer: Holds the Lease.
        initial: The ratio at rest.
        steps: Get what came of it.
        resume: Resumes KEDA, and says so itself when it cannot. Default: the writer's own, once.
    """
    keda, desired = await _seen(writer)
    ordered, scales = f"ratio {initial} ordered", "keda resumed"
    free = keda is not None and not keda.paused
    if free and desired == initial:
        steps.already(ordered)
    else:
        await steps.take(ordered, _order(writer, initial, pause_first=free))
    if desired == initial and keda is not None and keda.scales:
        steps.already("keda scales")
        return
    if keda is not None and keda.paused_by_other:
        steps.left(f"keda is paused by somebody else ({keda.paused_by_other}): left as it is")
        if not keda.paused_by_us:
            return
    resumed = (resume or writer.keda.resume)()
    await steps.take(scales, resumed, names_itself=resume is not None)


async def _seen(writer: Writer) -> tuple[KedaStatus | None, PDRatio | None]:
    """KEDA and the desired ratio now; None for what cannot be read."""
    with suppress(KubeError):
        keda, pools = await asyncio.gather(writer.keda.status(), writer.scaling.read())
        prefill, decode = pools["prefill"].desired, pools["decode"].desired
        if prefill is None or decode is None:
            return keda, None
        return keda, PDRatio(prefill, decode)
    return None, None


async def _order(writer: Writer, initial: PDRatio, *, pause_first: bool) -> None:
    if pause_first:
        # the HPA would put its own number back at its next sync; without the pause it may
        with suppress(KubeError):
            await writer.keda.pause(writer.lease.holder)
    await writer.scaling.set_ratio(initial)


async def make_safe(
    kube: Kube,
    initial: PDRatio,
    gpu_budget: int,
    times: LeaseTimes = TIMES,
    engine: EngineName = "trtllm",
) -> SafeReport:
    """Take the Lease, stop the load, order the initial ratio, then give the pools back to KEDA.

    Args:
        kube: A client of the workload's namespace.
        initial: The ratio at rest.
        gpu_budget: GPUs of the cluster.
        times: Times of the Lease.
        engine: What the workers run.

    Raises:
        Unreachable: Kubernetes does not answer at all.
        KubeError: The Lease cannot be taken, so nothing was touched.
    """
    steps = SafeSteps()
    async with seized(kube, gpu_budget, "safe", times, engine) as ours:
        await steps.take("load asked to stop", ours.record(_safe))
        await ours.wait_for_previous()
        await hand_back(ours.writer, initial, steps)
    return steps.report()


async def make_safe_alone(environment: Environment, kubeconfig: str | None) -> SafeReport:
    """`make_safe` by a connection of its own.

    Args:
        environment: What is deployed.
        kubeconfig: File to use; None takes the usual places.

    Raises:
        GtcError: No cluster answers, or the Lease cannot be taken.
    """
    async with await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig) as kube:
        engine = environment.engine.traits.name
        return await make_safe(kube, environment.initial_ratio, environment.slots, engine=engine)


def _safe(document: Json) -> Json:
    return with_event(document | {"mode": SAFE_MODE}, "warning", "safe state ordered by hand")
