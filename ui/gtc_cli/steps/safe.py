"""The safe state without a panel: load off, initial ratio, KEDA scaling."""

from __future__ import annotations

import asyncio

from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.scenario.unattended.safe import SafeReport, make_safe
from gtc_spec import names
from gtc_spec.environment import Environment


def reach_safe_state(environment: Environment, kubeconfig: str | None) -> SafeReport:
    """Load off, initial ratio, KEDA scaling, by Kubernetes alone.

    Args:
        environment: What is deployed.
        kubeconfig: File to use; None takes the usual places.

    Raises:
        GtcError: No cluster answers, or the Lease cannot be taken.
    """

    async def act() -> SafeReport:
        async with await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig) as kube:
            return await make_safe(kube, environment.initial_ratio, environment.slots)

    return asyncio.run(act())
