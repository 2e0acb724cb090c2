"""`gtc cost`: what a deployment costs an hour, has cost so far, and will until its end date.

It looks into the account, because a state file does not know how long a node has been running.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from gtc_cli import options
from gtc_cli.deploy.account import RunningCluster, running_cluster
from gtc_cli.local.variables import DO_TOKEN, Variables
from gtc_runtime import choices
from gtc_spec.cloud import bill, costs
from gtc_spec.environment import Environment
from gtc_spec.names import environment_tag

NOT_IN_IT = (
    "not in it: traffic, the bucket and the registry, which stay; docs/doctor.md has the sources"
)


@click.command()
@options.env
@options.as_json
def cost(env: str | None, as_json: bool) -> None:
    """GPU-hours and dollars: an hour, so far, and until the end date."""
    environment = choices.environment(env)
    token = Variables.read(os.environ, Path.cwd()).get(DO_TOKEN)
    cluster = running_cluster(token) if token else None
    if cluster is not None and environment_tag(environment.name) not in cluster.tags:
        cluster = None
    now = datetime.now(UTC)
    figures = _figures(environment, cluster, now)
    if as_json:
        click.echo(json.dumps(figures))
        return
    for line in _lines(environment, figures, looked=bool(token)):
        click.echo(line)


def _figures(env: Environment, cluster: RunningCluster | None, now: datetime) -> dict[str, object]:
    """Everything that `cost` prints; what is not known is None."""
    until = (bill.until_of(cluster.tags) if cluster else None) or env.until
    running = None if cluster is None else _bill(env, cluster, now)
    whole = running or bill.bill(env, 0.0)
    left_h = None if until is None else max(0.0, (until - now).total_seconds() / 3600)
    return {
        "environment": env.name,
        "running": cluster is not None,
        "worker_nodes": whole.worker_nodes,
        "gpus": whole.gpus,
        "management_nodes": whole.management_nodes,
        "usd_h": round(whole.usd_h, 2),
        "lines": {each.what: round(each.usd_h, 2) for each in _priced(env, whole)},
        "hours": None if running is None else round(running.hours, 2),
        "gpu_hours": None if running is None else round(running.gpu_hours, 1),
        "usd": None if running is None else round(running.usd, 2),
        "until": None if until is None else until.isoformat(),
        "hours_left": None if left_h is None else round(left_h, 2),
        "usd_at_the_end": None if left_h is None else round(whole.after(left_h), 2),
    }


def _priced(env: Environment, whole: bill.Bill) -> tuple[costs.Line, ...]:
    large, small = whole.worker_nodes, whole.management_nodes
    return costs.lines(env, worker_nodes=large, management_nodes=small)


def _bill(env: Environment, cluster: RunningCluster, now: datetime) -> bill.Bill:
    """Of the nodes that run, for as long as the oldest of them."""
    large = [made for size, made in cluster.nodes if size == env.nodes.size]
    small = len(cluster.nodes) - len(large)
    since = min((made for made in large if made is not None), default=cluster.created)
    hours = 0.0 if since is None else (now - since).total_seconds() / 3600
    return bill.bill(env, hours, worker_nodes=len(large), management_nodes=small)


def _lines(env: Environment, figures: dict[str, object], *, looked: bool) -> list[str]:
    lines = [f"price     about {figures['usd_h']} USD/h, by the list:"]
    for what, usd_h in cast(dict[str, float], figures["lines"]).items():
        lines.append(f"          {usd_h:6.2f}  {what}")
    if figures["running"]:
        gpu_hours = f"{figures['gpu_hours']} GPU-hours, " if env.nodes.gpus else ""
        lines.append(f"so far    {gpu_hours}about {figures['usd']} USD in {figures['hours']} h")
    else:
        why = "" if looked else f" ({DO_TOKEN} is not set: did not look)"
        lines.append(f"so far    nothing of {env.name} runs{why}")
    if figures["until"] is None:
        lines.append("end       none was set")
    else:
        lines.append(
            f"end       {figures['until']}, in {figures['hours_left']} h: about "
            f"{figures['usd_at_the_end']} USD in all"
        )
    return [*lines, f"          {NOT_IN_IT}"]
