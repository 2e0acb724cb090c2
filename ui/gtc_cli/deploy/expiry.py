"""`gtc teardown-if-expired`: for cron, so that nothing runs longer than somebody meant it to."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from gtc_cli import options
from gtc_cli.deploy.account import RunningCluster, running_cluster
from gtc_cli.deploy.api import Api
from gtc_cli.deploy.recovery import inventory
from gtc_cli.deploy.sequence import deployment_for
from gtc_cli.deploy.teardown import Consent
from gtc_cli.local import checkout, state
from gtc_cli.local.variables import DO_TOKEN, NEEDED, Variables
from gtc_runtime import choices
from gtc_runtime.formats import date, hours
from gtc_spec.cloud import bill
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.names import infra_stack


@click.command("teardown-if-expired")
@options.env
def teardown_if_expired(env: str | None) -> None:
    """Tear down when the end date of the running cluster has passed; for cron.

    Does nothing before that date, and never without one.
    """
    environment = choices.environment(env)
    token = Variables.read(os.environ, Path.cwd()).secrets(NEEDED["infra"])[DO_TOKEN]
    left = [
        each for each in inventory.read(Api(token), environment.name).things if not each.is_free
    ]
    if not left:
        click.echo(f"nothing of {environment.name} runs in this account")
        return
    until = _end(environment, running_cluster(token))
    minutes = bill.minutes_left(until, datetime.now(UTC))
    if minutes > 0:
        click.echo(f"{environment.name} may run {hours(minutes)} longer, until {date(until)}")
        return
    click.echo(f"the end date {date(until)} has passed; deleting:")
    for thing in left:
        click.echo(f"  {thing}")
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
