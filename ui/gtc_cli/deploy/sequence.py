"""The order of a deployment and of its end, one named step after the other.

Every step may be repeated: what is done already takes seconds. An interruption or a failure says
which step it was, so that repeating the command is all that there is to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from gtc_cli import wait
from gtc_cli.deploy import account, image, kubeconfig
from gtc_cli.deploy.child import Interrupted
from gtc_cli.deploy.stacks import Stacks
from gtc_cli.deploy.variables import DO_TOKEN
from gtc_runtime import settings
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.manifests.secret_names import SPACES


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

    def deploy(self) -> None:
        """Image, stacks, corpus and model, and the wait for them.

        Raises:
            GtcError: A step failed.
        """
        perform(
            "deploy",
            self.env.name,
            [
                Step("no other environment", self.refuse_others),
                Step("image", self.build_and_push),
                Step("infra stack", self.stacks.deploy_infra),
                Step("corpus", self.put_corpus),  # while the nodes come up
                Step("gpu nodes", lambda: self.wait("gpu")),
                Step("cluster stack", self.stacks.deploy_cluster),
                Step("platform", lambda: self.wait("dynamo")),
                Step("model", self.set_up_model),
                Step("workers", lambda: self.wait("workers")),
            ],
        )

    def teardown(self) -> None:
        """Safe state, then both stacks, the upper one first.

        Raises:
            GtcError: A stack could not be destroyed.
        """
        steps = [
            Step("safe state", self.make_safe),
            Step("cluster stack", self.stacks.destroy_cluster),
            Step("infra stack", self.stacks.destroy_infra),
            Step("nothing left", self.refuse_leftovers),
        ]
        if not self.stacks.lists(self.stacks.cluster):
            steps = steps[2:]
        perform("teardown", self.env.name, steps)
        click.echo(f"{self.env.name} is gone; the bucket and the registry stay")

    def refuse_others(self) -> None:
        """Refuse to deploy over the other environment, here or elsewhere in the account."""
        account.refuse_other_environment(self.folder, self.env.name, self.secrets[DO_TOKEN])

    def refuse_leftovers(self) -> None:
        """Look into the account: a state that lists nothing proves nothing about it."""
        tags = account.cluster_tags(self.secrets[DO_TOKEN])
        if tags is not None and names.environment_tag(self.env.name) in tags:
            raise GtcError(
                f"the cluster {names.DEMO} of {self.env.name} still runs in this account, but no "
                "state of this checkout lists it",
                "copy both state files from the checkout that deployed it, then repeat",
            )

    def build_and_push(self) -> None:
        """Build the image of this commit and push it."""
        environment = image.environment()
        image.build(self.image, self.folder, environment)
        image.push(self.image, self.folder, environment, self.do_context)

    def wait(self, part: str) -> None:
        """Wait for a part with fresh credentials."""
        wait.until(part, self.env, str(self.kubeconfig()))

    def put_corpus(self) -> None:
        """Have a whole corpus in the bucket before the panel looks for one."""
        from gtc_cli.corpus import deploy_corpus

        deploy_corpus(self.env, settings.read(env=self.env.name, **self.spaces_key))

    @property
    def spaces_key(self) -> dict[str, str]:
        """The key of the bucket, by the names of its variables."""
        return {key: self.secrets[key] for key in SPACES.keys}

    def set_up_model(self) -> None:
        """Run the model jobs with fresh credentials; seconds when the share has the checkpoint."""
        from gtc_cli.model import run_jobs

        run_jobs(self.env, str(self.kubeconfig()), self.image)

    def kubeconfig(self) -> Path:
        """Write the kubeconfig and return its path."""
        return kubeconfig.write(
            self.state_dir, self.env.name, image.environment(), self.do_context, self.folder
        )

    def make_safe(self) -> None:
        """Load off and KEDA in charge; a cluster that does not answer does not stop a teardown."""
        from gtc_cli.drive import reach_safe_state

        try:
            report = reach_safe_state(self.env, str(self.kubeconfig()))
        except GtcError as error:
            click.echo(f"not reached: {error.message}; going on, nothing of it will be left")
            return
        for line in (*report.done, *(f"not done: {each}" for each in report.failed)):
            click.echo(line)


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
