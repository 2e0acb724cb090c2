"""Waiting for a part of a deployed cluster, with a deadline and the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import click

from gtc_runtime.cluster import waiting
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.waiting import Readiness
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.pools import ROLES

DEADLINES_S: Final = {
    "gpu": 1800.0,
    "dynamo": 900.0,
    "workers": 1800.0,
    "keda": 300.0,
    "panel": 300.0,
}
"""Longest wait for each part, seconds. GPU nodes take minutes when there are any; a cold worker
pulls an image of 20 GB and loads the model; the rest only pulls small images."""
NAMESPACES: Final = {
    "dynamo": names.NAMESPACE_PLATFORM,
    "panel": names.NAMESPACE_PANEL,
}
"""Where a part lives when it is not with the workload."""


def until(
    part: str, env: Environment, kubeconfig: str | None, deadline_s: float | None = None
) -> None:
    """Wait for one part and print every change.

    Args:
        part: One of `DEADLINES_S`.
        env: What was deployed.
        kubeconfig: File to use; None takes the usual places.
        deadline_s: Longest wait. Default: the part's own.

    Raises:
        GtcError: It is not there in time, or no cluster answers.
    """

    async def act() -> None:
        namespace = NAMESPACES.get(part, names.NAMESPACE_WORKLOAD)
        limit_s = DEADLINES_S[part] if deadline_s is None else deadline_s
        async with await Kube.connect(namespace, kubeconfig) as kube:
            await waiting.wait(_poll(part, env, kube), limit_s, click.echo)

    asyncio.run(act())


def _poll(part: str, env: Environment, kube: Kube) -> Callable[[], Awaitable[Readiness]]:
    polls: dict[str, Callable[[], Awaitable[Readiness]]] = {
        "gpu": lambda: waiting.places(kube, env.nodes),
        "dynamo": lambda: waiting.platform(kube),
        "workers": lambda: waiting.workers(kube, env),
        "keda": lambda: waiting.scalers(kube, [names.scaler(role) for role in ROLES]),
        "panel": lambda: waiting.workloads(kube),
    }
    return polls[part]
