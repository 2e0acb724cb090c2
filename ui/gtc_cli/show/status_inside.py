"""What `gtc status` shows when no panel answers: what Kubernetes itself knows of the demo."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Any, Final

import click

from gtc_cli.show import view_lines
from gtc_cli.target.target import Target
from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.cluster.poller import ClusterState
from gtc_runtime.view_builder import pods, pools
from gtc_spec.cloud import bill
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError, UnreachableError

JSON = dict[str, Any]
UNREACHABLE: Final = UnreachableError.exit_code


def print_inside(target: Target, why: GtcError, as_json: bool) -> int:
    """Print pools, pods, KEDA and cost as Kubernetes tells them; ends with 3.

    Args:
        target: The cluster.
        why: Why there is no panel.
        as_json: Whether a program reads it.

    Raises:
        GtcError: Kubernetes does not answer either.
    """
    environment = target.environment()
    seen, rehearsal = asyncio.run(_poll(environment, target.kubeconfig))
    view = {
        "panel": None,
        "problem": why.message,
        "environment": environment.name,
        "gpus_total": environment.slots,
        "keda": seen.keda.state,
        "pools": [asdict(each) for each in pools(seen)],
        "pods": [asdict(each) for each in pods(seen)],
        "usd_h": None if rehearsal else bill.bill(environment, 0).usd_h,
    }
    if as_json:
        click.echo(json.dumps(view))
        return UNREACHABLE
    click.echo("\n".join(_lines(view, seen.keda.reason)))
    return UNREACHABLE


async def _poll(environment: Environment, kubeconfig: str | None) -> tuple[ClusterState, bool]:
    cluster = await Cluster.connect(environment, kubeconfig or "", "status")
    try:
        return await cluster.poller.poll(), cluster.rehearsal
    finally:
        await cluster.close()


def _lines(view: JSON, keda_reason: str) -> list[str]:
    why = f": {keda_reason}" if keda_reason else ""
    return [
        f"panel   none: {view['problem']}",
        f"keda    {view['keda']}{why}",
        *(f"{pool['role']:7} {view_lines.pool_words(pool)}" for pool in view["pools"]),
        f"slots   {view_lines.slots(view)}",
        *(f"  {each['name']}  {view_lines.pod_state(each)}" for each in view["pods"]),
        f"cost    {view_lines.cost(view)}",
    ]
