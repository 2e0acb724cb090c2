"""The safe state without a panel: load off, initial ratio, KEDA scaling."""

from __future__ import annotations

import asyncio

from gtc_runtime.scenario.unattended.safe import make_safe_alone
from gtc_runtime.told import SafeReport
from gtc_spec.environment import Environment


def reach_safe_state(environment: Environment, kubeconfig: str | None) -> SafeReport:
    """Load off, initial ratio, KEDA scaling, by Kubernetes alone.

    Args:
        environment: What is deployed.
        kubeconfig: File to use; None takes the usual places.

    Raises:
        GtcError: No cluster answers, or the Lease cannot be taken.
    """
    return asyncio.run(make_safe_alone(environment, kubeconfig))
