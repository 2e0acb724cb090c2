"""Verbs that deploy: infra, cluster, kubeconfig, deploy, teardown."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from gtc_cli import options
from gtc_cli.checks.examination import refuse_unfit
from gtc_cli.deploy import account, end_date
from gtc_cli.deploy.sequence import PRIVATE, deployment_for
from gtc_cli.deploy.teardown import Consent
from gtc_cli.local.variables import DO_TOKEN
from gtc_cli.steps.wait import DEADLINES_S
from gtc_spec.errors import UsageError

yes = click.option("--yes", is_flag=True, help="Do not ask before destroying.")
force = click.option(
    "--force",
    is_flag=True,
    help="Ask nothing at all: also skip a cluster that does not answer, and delete what bears our "
    "names and tags and is in no state.",
)
adopt = click.option(
    "--adopt", is_flag=True, help="Take over what another checkout deployed; its state is lost."
)
skip_doctor = click.option(
    "--skip-doctor", is_flag=True, help="Do not look at account, tools and keys before."
)


@click.group()
def infra() -> None:
    """The infra stack: VPC, Kubernetes, GPU nodes, share."""


@infra.command("init")
@options.env
def infra_init(env: str | None) -> None:
    """Synthesise and fetch the providers."""
    stacks = deployment_for(env, None).stacks
    stacks.init(stacks.infra)


@infra.command("plan")
@options.env
def infra_plan(env: str | None) -> None:
    """Show what would change."""
    deployment_for(env, "infra").plan_infra()


@infra.command("up")
@options.env
@adopt
def infra_up(env: str | None, adopt: bool) -> None:
    """Make or change it."""
    deployment = deployment_for(env, "infra")
    end_date.refuse_without_end(deployment.env, datetime.now(UTC))
    deployment.refuse_others(adopt)
    deployment.deploy_infra()
    deployment.write_end_date()


@infra.command("down")
@options.env
@yes
def infra_down(env: str | None, yes: bool) -> None:
    """Destroy it."""
    deployment = deployment_for(env, "infra")
    _confirm(yes, f"the cluster of {deployment.env.name}, its GPU nodes and the share with models")
    deployment.stacks.settle()
    if account.cluster_tags(deployment.secrets[DO_TOKEN]) is not None:
        deployment.stacks.refuse_under_cluster()
    deployment.stacks.destroy(deployment.stacks.infra)


@click.group()
def cluster() -> None:
    """The cluster stack: platform, workload, scalers, panel."""


@cluster.command("config")
@options.env
@click.option(
    "--wait",
    "parts",
    multiple=True,
    type=click.Choice(tuple(DEADLINES_S)),
    help="Then wait for this part; may be repeated.",
)
@adopt
def cluster_config(env: str | None, parts: tuple[str, ...], adopt: bool) -> None:
    """Make or change it."""
    deployment = deployment_for(env, "cluster")
    end_date.refuse_without_end(deployment.env, datetime.now(UTC))
    deployment.refuse_others(adopt)
    deployment.deploy_cluster()
    for part in parts:
        deployment.wait(part)


@cluster.command("teardown")
@options.env
@yes
def cluster_teardown(env: str | None, yes: bool) -> None:
    """Destroy it; the infra stack stays."""
    deployment = deployment_for(env, "infra")
    _confirm(yes, f"everything inside the cluster of {deployment.env.name}")
    deployment.stacks.settle()
    deployment.stacks.destroy(deployment.stacks.cluster)


@click.command("kubeconfig")
@options.env
def kubeconfig_verb(env: str | None) -> None:
    """Write a kubeconfig of the deployed cluster and say where it is."""
    os.umask(PRIVATE)
    path = deployment_for(env, None).kubeconfig()
    click.echo(f"export KUBECONFIG={path}")


@click.command()
@options.env
@adopt
@skip_doctor
def deploy(env: str | None, adopt: bool, skip_doctor: bool) -> None:
    """Everything from the image to running workers; repeat it after whatever went wrong."""
    deployment = deployment_for(env, "cluster")
    end_date.refuse_without_end(deployment.env, datetime.now(UTC))
    if not skip_doctor:
        click.echo(f"=== deploy {deployment.env.name} 0: doctor")
        refuse_unfit(env, adopting=adopt)
    deployment.deploy(adopt)


@click.command()
@options.env
@yes
@force
def teardown(env: str | None, yes: bool, force: bool) -> None:
    """Safe state, then destroy both stacks and whatever is left; repeat it when interrupted."""
    deployment = deployment_for(env, "infra")
    what = f"{deployment.env.name}: workload, cluster, GPU nodes and the share with models"
    _confirm(yes or force, what)
    deployment.teardown(Consent(force))


def _confirm(yes: bool, what: str) -> None:
    """Ask once before destroying.

    Raises:
        UsageError: The answer is no, or there is nobody to ask.
    """
    if yes:
        return
    hint = "add --yes, or YES=1 to make"
    if not os.isatty(0):
        raise UsageError(f"not destroyed: {what}", hint)
    if not click.confirm(f"destroy {what}?"):
        raise UsageError("nothing was destroyed")
