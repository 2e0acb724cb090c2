"""Verbs that deploy: infra, cluster, image, kubeconfig, deploy, teardown."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from gtc_cli import options
from gtc_cli.checks import doctor
from gtc_cli.deploy import account, checkout, cost, image, state
from gtc_cli.deploy.sequence import Deployment
from gtc_cli.deploy.stacks import Stacks
from gtc_cli.deploy.teardown import Consent
from gtc_cli.deploy.variables import DO_TOKEN, Part, Variables, needed
from gtc_cli.show import wait as waiting
from gtc_runtime import choices, settings
from gtc_spec.errors import UsageError
from gtc_spec.manifests.panel import panel_choices

PRIVATE = 0o077
"""What others may not do with files that we or Terraform write: states hold credentials."""

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
    cost.refuse_without_end(deployment.env, datetime.now(UTC))
    deployment.refuse_others(adopt)
    deployment.deploy_infra()
    deployment.tell_end()


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
    type=click.Choice(tuple(waiting.DEADLINES_S)),
    help="Then wait for this part; may be repeated.",
)
@adopt
def cluster_config(env: str | None, parts: tuple[str, ...], adopt: bool) -> None:
    """Make or change it."""
    deployment = deployment_for(env, "cluster")
    cost.refuse_without_end(deployment.env, datetime.now(UTC))
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


@click.group("image")
def image_group() -> None:
    """The image of panel, guardian and model jobs."""


@image_group.command("name")
def image_name() -> None:
    """Print its whole name."""
    click.echo(image_name_here())


@image_group.command("build")
def image_build() -> None:
    """Build it."""
    image.build(image_name_here(), checkout.root(), image.environment())


@image_group.command("push")
def image_push() -> None:
    """Push it; refuses files that differ from the commit."""
    image.push(image_name_here(), checkout.root(), image.environment(), settings.read().do_context)


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
    cost.refuse_without_end(deployment.env, datetime.now(UTC))
    if not skip_doctor:
        click.echo(f"=== deploy {deployment.env.name} 0: doctor")
        doctor.refuse_unfit(env, adopting=adopt)
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


def deployment_for(env: str | None, part: Part | None) -> Deployment:
    """What the verbs work with, checked; ``part`` says whose variables must be set.

    Raises:
        UsageError: A variable is missing or wrong, or another environment lives here.
    """
    os.umask(PRIVATE)
    folder = checkout.root()
    variables = Variables.read(os.environ, folder)
    configured = settings.read(env=env)
    environment = choices.environment(env, given=variables)
    chosen = variables.chosen
    if part == "cluster":  # refused before anything is made
        panel_choices.in_pod(chosen)
    secrets = variables.secrets(needed(part, environment)) if part else {}
    state.refuse_other_environment(folder, environment.name)
    told = {**chosen, "GTC_ENV": environment.name}
    return Deployment(
        env=environment,
        folder=folder,
        stacks=Stacks.of(folder, environment.name, told, secrets),
        image=checkout.image(chosen, folder),
        secrets=secrets,
        do_context=configured.do_context,
        state_dir=configured.state_dir,
    )


def image_name_here() -> str:
    """Whole name of our image for this checkout and these choices."""
    folder = checkout.root()
    return checkout.image(Variables.read(os.environ, folder).chosen, folder)


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


COMMANDS = (
    infra,
    cluster,
    image_group,
    kubeconfig_verb,
    deploy,
    teardown,
    *cost.COMMANDS,
)
