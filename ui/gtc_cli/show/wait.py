"""`gtc wait`: until a part of a deployed cluster is there, with a deadline and the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gtc_cli import options
from gtc_cli.target import choose
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.pools import ROLES

if TYPE_CHECKING:
    from gtc_runtime.cluster.api.kube import Kube
    from gtc_runtime.cluster.waiting import Seen

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


@click.command()
@click.argument("part", type=click.Choice(tuple(DEADLINES_S)))
@options.env
@options.state_dir
@options.kubeconfig
@click.option(
    "--deadline", "deadline_s", type=click.FloatRange(0), default=None, help="Seconds to wait."
)
def wait(
    part: str,
    env: str | None,
    state_dir: Path | None,
    kubeconfig: str | None,
    deadline_s: float | None,
) -> None:
    """Wait until a part of the cluster is there; exit 1 when it is not in time."""
    target = choose(env, state_dir, kubeconfig)
    until(part, target.environment(), target.kubeconfig, deadline_s)


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
    from gtc_runtime.cluster import waiting
    from gtc_runtime.cluster.api.kube import Kube

    async def act() -> None:
        namespace = NAMESPACES.get(part, names.NAMESPACE_WORKLOAD)
        limit_s = DEADLINES_S[part] if deadline_s is None else deadline_s
        async with await Kube.connect(namespace, kubeconfig) as kube:
            await waiting.wait(_look(part, env, kube), limit_s, click.echo)

    asyncio.run(act())


def _look(part: str, env: Environment, kube: Kube) -> Callable[[], Awaitable[Seen]]:
    from gtc_runtime.cluster import waiting

    looks: dict[str, Callable[[], Awaitable[Seen]]] = {
        "gpu": lambda: waiting.places(kube, env.nodes),
        "dynamo": lambda: waiting.platform(kube),
        "workers": lambda: waiting.workers(kube, env),
        "keda": lambda: waiting.scalers(kube, [names.scaler(role) for role in ROLES]),
        "panel": lambda: waiting.workloads(kube),
    }
    return looks[part]
