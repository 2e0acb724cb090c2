"""Verbs about money and its end: cost, and teardown-if-expired for cron.

They look into the account, because a state file does not know how long a node has been running.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from gtc_cli import options
from gtc_cli.deploy import checkout, state
from gtc_cli.deploy.account import RunningCluster, running_cluster
from gtc_cli.deploy.api import Api
from gtc_cli.deploy.recovery.inventory import look
from gtc_cli.deploy.variables import DO_TOKEN, NEEDED, Variables
from gtc_spec.cloud import bill, prices
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.names import environment_tag, infra_stack

NOT_IN_IT = (
    "not in it: traffic, the bucket and the registry, which stay; docs/doctor.md has the sources"
)


@click.command()
@options.env
@options.as_json
def cost(env: str | None, as_json: bool) -> None:
    """GPU-hours and dollars: an hour, so far, and until the end date."""
    environment = options.environment(env, None)
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


@click.command("teardown-if-expired")
@options.env
def teardown_if_expired(env: str | None) -> None:
    """Tear down when the end date of the running cluster has passed; for cron.

    Does nothing before that date, and never without one.
    """
    environment = options.environment(env, None)
    token = Variables.read(os.environ, Path.cwd()).secrets(NEEDED["infra"])[DO_TOKEN]
    left = [each for each in look(Api(token), environment.name).things if not each.is_free]
    if not left:
        click.echo(f"nothing of {environment.name} runs in this account")
        return
    until = _end(environment, running_cluster(token))
    minutes = bill.minutes_left(until, datetime.now(UTC))
    if minutes > 0:
        click.echo(f"{environment.name} may run {_span(minutes)} longer, until {_date(until)}")
        return
    click.echo(f"the end date {_date(until)} has passed; deleting:")
    for thing in left:
        click.echo(f"  {thing}")
    from gtc_cli.deploy.teardown import Consent
    from gtc_cli.deploy.verbs import deployment_for

    deployment_for(env, "infra").teardown(Consent(force=True))


def _end(env: Environment, cluster: RunningCluster | None) -> datetime:
    """When all of it has to be gone: the cluster's tag, or without a cluster our own choice.

    Raises:
        GtcError: Nobody has said. What remains without a cluster may belong to a deployment that
            somebody just begins, so that only a state of this checkout makes it ours.
    """
    ours = state.is_ours(checkout.root(), infra_stack(env.name))
    until = bill.until_of(cluster.tags) if cluster else (env.until if ours else None)
    if until is None:
        what = "the cluster" if cluster else "what is left"
        raise GtcError(
            f"{what} of {env.name} has no end date; nothing was deleted",
            f"give it one: make infra-up UNTIL={bill.EXAMPLE}, or make teardown",
        )
    return until


def refuse_without_end(env: Environment, now: datetime) -> None:
    """Refuse to start prod without an end date, and anything with one that has passed.

    Raises:
        UsageError: There is no end date, or it has passed.
    """
    example = f"make deploy ENV={env.name} UNTIL={bill.EXAMPLE}, or a date as GTC_UNTIL in .env"
    if env.until is None:
        if bill.needs_end(env):
            price = bill.bill(env, 0).usd_h
            raise UsageError(
                f"{env.name} costs about {price:.0f} USD an hour and needs an end", example
            )
        return
    if env.until <= now:
        raise UsageError(f"the end date {_date(env.until)} has passed", example)


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


def _priced(env: Environment, whole: bill.Bill) -> tuple[prices.Line, ...]:
    large, small = whole.worker_nodes, whole.management_nodes
    return prices.lines(env, worker_nodes=large, management_nodes=small)


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


def _date(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _span(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60} min"


COMMANDS = (cost, teardown_if_expired)
