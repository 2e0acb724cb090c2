"""The order of a deployment and of its end, one named step after the other.

Every step may be repeated: what is done already takes seconds. An interruption or a failure says
which step it was, so that repeating the command is all that there is to do.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from gtc_cli.deploy import account
from gtc_cli.deploy.api import Api
from gtc_cli.deploy.recovery import adopt, installed, inventory
from gtc_cli.deploy.stacks import Stacks
from gtc_cli.deploy.teardown import Consent, Teardown
from gtc_cli.local import checkout, image, kubeconfig, state
from gtc_cli.local.child import Interrupted
from gtc_cli.local.variables import DO_TOKEN, Part, Variables, needed
from gtc_cli.steps import corpus, wait
from gtc_cli.steps.model_jobs import run_jobs
from gtc_cli.steps.safe import reach_safe_state
from gtc_runtime import choices, settings
from gtc_runtime.cluster import end_date
from gtc_runtime.cluster.api.kube import Kube
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.manifests.panel import panel_choices
from gtc_spec.manifests.secret_names import SPACES

PRIVATE = 0o077
"""What others may not do with files that we or Terraform write: states hold credentials."""


@dataclass(frozen=True)
class Step:
    """One part of a sequence.

    Attributes:
        name: What it does, two or three words.
        act: Does it; raises GtcError when it fails.
    """

    name: str
    act: Callable[[], object]


@dataclass(frozen=True)
class Deployment:
    """Everything that the steps need to know.

    Attributes:
        env: The environment, choices applied.
        folder: Root of the checkout.
        stacks: Its two stacks.
        image: Our image, whole name.
        secrets: Values of the variables that are set.
        do_context: Context of doctl.
        state_dir: Where the kubeconfig goes.
    """

    env: Environment
    folder: Path
    stacks: Stacks
    image: str
    secrets: dict[str, str]
    do_context: str
    state_dir: Path

    def deploy(self, adopting: bool = False) -> None:
        """Image, stacks, corpus and model, and the wait for every part.

        Args:
            adopting: Whether a cluster that another checkout deployed is taken over.

        Raises:
            GtcError: A step failed.
        """
        perform(
            "deploy",
            self.env.name,
            [
                Step("account", lambda: self.refuse_others(adopting)),
                Step("image", self.build_and_push),
                Step("infra stack", self.deploy_infra),
                Step("corpus", self.put_corpus),  # while the nodes come up
                Step("worker nodes", lambda: self.wait("gpu")),
                Step("cluster stack", self.deploy_cluster),
                Step("platform", lambda: self.wait("dynamo")),
                *([Step("model", self.set_up_model)] if self.env.hosting.share else []),
                Step("workers", lambda: self.wait("workers")),
                Step("scalers", lambda: self.wait("keda")),
                Step("panel", lambda: self.wait("panel")),
            ],
        )

    def teardown(self, consent: Consent) -> None:
        """Safe state, then both stacks, the upper one first, then whatever is left.

        Args:
            consent: Who agrees to what was not asked before.

        Raises:
            GtcError: Something could not be destroyed.
        """
        work = Teardown(self.stacks, self.api, consent, self.make_safe)
        perform(
            "teardown",
            self.env.name,
            [
                Step("what is there", work.begin),
                Step("safe state", work.reach_safe_state),
                Step("cluster stack", work.destroy_cluster),
                Step("infra stack", work.destroy_infra),
                Step("what no state lists", work.leave_nothing),
                Step("what is left", work.report),
            ],
        )
        click.echo("kept: the bucket and the registry, which no deployment makes")

    @property
    def api(self) -> Api:
        """The account."""
        return Api(self.secrets[DO_TOKEN])

    def refuse_others(self, adopting: bool = False) -> None:
        """Refuse an account without a registry, and to deploy over what this is not to change."""
        self.stacks.settle()
        account.refuse_without_registry(self.api)
        account.refuse_other_environment(
            self.folder, self.env.name, self.secrets[DO_TOKEN], adopting=adopting
        )

    def plan_infra(self) -> None:
        """Show what deploying the infra stack would change."""
        wanted = self.stacks.init(self.stacks.infra)
        listed = self.stacks.listed(self.stacks.infra)
        found = inventory.read(self.api, self.env.name)
        self.stacks.plan(self.stacks.infra, adopt.imports(wanted, listed, found))

    def deploy_infra(self) -> None:
        """Make or change the infra stack, taking over what its state does not list."""
        wanted = self.stacks.init(self.stacks.infra)
        found = adopt.settle(self.api, self.env.name, click.echo)
        listed = self.stacks.listed(self.stacks.infra)
        self.stacks.apply(self.stacks.infra, adopt.imports(wanted, listed, found))

    def deploy_cluster(self) -> None:
        """Make or change the cluster stack, clearing what a killed run left half made."""
        self.stacks.refuse_without_infra()
        wanted = self.stacks.init(self.stacks.cluster)
        listed = self.stacks.listed(self.stacks.cluster)
        imports = installed.clear(str(self.kubeconfig()), wanted, listed, click.echo)
        self.stacks.apply(self.stacks.cluster, imports)
        self.write_end_date()  # when only the date moved, no manifest differs from the one before

    def build_and_push(self) -> None:
        """Build the image of this commit and push it."""
        environment = image.environment()
        image.build(self.image, self.folder, environment)
        image.push(self.image, self.folder, environment, self.do_context)

    def wait(self, part: str) -> None:
        """Wait for a part with fresh credentials."""
        wait.until(part, self.env, str(self.kubeconfig()))

    def write_end_date(self) -> None:
        """Write the end date where the panel reads it, as soon as there is one to read it.

        Raises:
            GtcError: The cluster does not take it.
        """
        if not self.stacks.lists(self.stacks.cluster):
            return

        async def act(file: str) -> None:
            async with await Kube.connect(names.NAMESPACE_WORKLOAD, file) as kube:
                await end_date.write(kube, self.env.until)

        try:
            asyncio.run(act(str(self.kubeconfig())))
        except GtcError as error:
            again = f"make cluster-config ENV={self.env.name} tells it, too"
            raise GtcError(f"the panel was not told the end date: {error.message}", again) from None

    def put_corpus(self) -> None:
        """Have a whole corpus in the bucket before the panel looks for one."""
        corpus.put(self.env, settings.read(env=self.env.name, **self.spaces_key))

    @property
    def spaces_key(self) -> dict[str, str]:
        """The key of the bucket, by the names of its variables."""
        return {key: self.secrets[key] for key in SPACES.keys}

    def set_up_model(self) -> None:
        """Run the model jobs with fresh credentials; seconds when the share has the checkpoint."""
        run_jobs(self.env, str(self.kubeconfig()), self.image)

    def kubeconfig(self) -> Path:
        """Write the kubeconfig and return its path."""
        return kubeconfig.write(
            self.state_dir, self.env.name, image.environment(), self.do_context, self.folder
        )

    def make_safe(self) -> None:
        """Load off and KEDA in charge.

        Raises:
            UnreachableError: The cluster does not answer.
            GtcError: There are no credentials for it.
        """
        report = reach_safe_state(self.env, str(self.kubeconfig()))
        for line in (*report.done, *(f"not done: {each}" for each in report.failed)):
            click.echo(line)


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


def perform(verb: str, env: str, steps: Sequence[Step]) -> None:
    """Do the steps in order and say where we are.

    Raises:
        GtcError: A step failed or was interrupted; the hint says how to go on.
    """
    again = f"make {verb} ENV={env} goes on from here"
    for number, step in enumerate(steps, 1):
        click.echo(f"=== {verb} {env} {number}/{len(steps)}: {step.name}")
        try:
            step.act()
        except Interrupted as error:
            raise Interrupted(f"{step.name}: {error.message}", again) from None
        except KeyboardInterrupt:
            raise Interrupted(f"{step.name}: interrupted", again) from None
        except GtcError as error:
            error.message = f"{step.name}: {error.message}"
            error.hint = error.hint or again
            raise
