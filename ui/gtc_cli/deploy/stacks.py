"""The two Terraform stacks of an environment.

cdktf writes them and Terraform carries them out; the command ``cdktf`` is not needed for that (see
docs/adr/0010). It refuses one stack without its neighbour; here each may be deployed alone once its
neighbour is in the right state, which is checked first.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from gtc_cli.deploy.recovery import synthesised
from gtc_cli.deploy.recovery.adopt import Import
from gtc_cli.deploy.recovery.synthesised import Resource
from gtc_cli.local import child, state
from gtc_cli.local.variables import STACK_SECRETS, for_terraform, terraform_name
from gtc_spec import names
from gtc_spec.errors import GtcError, UsageError

INSTALL: Final = "install terraform 1.11 or newer"
UNUSED: Final = {terraform_name(key): "unused" for key in STACK_SECRETS}
OUTPUT: Final = Path("cdktf.out") / "stacks"
IMPORTS: Final = "imports.tf.json"
"""Beside the stack while it is applied: what Terraform takes over instead of making it."""
PATIENCE: Final = (
    "terraform was asked to stop and ends what it began: a chart may take 10 "
    "minutes; asked once more it stops at once, and the next run clears what is left"
)


@dataclass(frozen=True)
class Stacks:
    """The stacks of one environment in one checkout.

    Attributes:
        folder: Root of the checkout.
        env: Name of the environment.
        environment: Of the children: choices and secrets as Terraform reads them.
    """

    folder: Path
    env: str
    environment: Mapping[str, str]

    @classmethod
    def of(
        cls, folder: Path, env: str, choices: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Stacks:
        """The stacks, with our own Python first on the path of what Terraform starts."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        environment = {**os.environ, **choices, **for_terraform(secrets), "PATH": path}
        # it needs not report home to do its work, and its advice on what to type next is not ours
        quiet = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
        return cls(folder, env, {**environment, **quiet})

    @property
    def infra(self) -> str:
        """Name of the infra stack."""
        return names.infra_stack(self.env)

    @property
    def cluster(self) -> str:
        """Name of the cluster stack."""
        return names.cluster_stack(self.env)

    def lists(self, stack: str) -> int:
        """Resources of a stack, by its state file."""
        return state.resources(self.folder, stack)

    def listed(self, stack: str) -> tuple[str, ...]:
        """Their addresses."""
        return state.addresses(self.folder, stack)

    def settle(self) -> None:
        """Wait for a Terraform that outlived its command, and make way for states cut short."""
        for stack in (self.infra, self.cluster):
            state.wait_until_free(self.folder, stack, click.echo)
            state.set_aside_if_broken(self.folder, stack, click.echo)

    def init(self, stack: str) -> tuple[Resource, ...]:
        """Synthesise, let Terraform fetch the providers of a stack, and say what it wants.

        Raises:
            GtcError: Synthesis failed, or a provider cannot be had.
        """
        terraform = child.find("terraform", INSTALL)
        self._run([sys.executable, "main.py"], self.environment)
        try:
            self._run([terraform, *self._at(stack), "init", "-input=false"], self.environment)
        except child.Interrupted:
            raise
        except GtcError as error:
            raise GtcError(
                error.message,
                "terraform fetches its providers from registry.terraform.io: repeat it with a "
                "network, or name a mirror in TF_CLI_CONFIG_FILE (docs/deploy.md)",
            ) from None
        return synthesised.resources(self.folder / OUTPUT / stack)

    def plan(self, stack: str, imports: Iterable[Import] = ()) -> None:
        """Show what applying an initialised stack would change."""
        with self._importing(stack, imports):
            self._terraform(stack, "plan", "-input=false")

    def apply(self, stack: str, imports: Iterable[Import] = ()) -> None:
        """Make or change an initialised stack.

        Args:
            stack: Its name.
            imports: What it takes over first.
        """
        with self._importing(stack, imports):
            self._terraform(stack, "apply", "-input=false", "-auto-approve")

    def destroy(self, stack: str) -> None:
        """Destroy what the state of a stack lists, if there is anything."""
        if self.lists(stack):
            self.init(stack)
            self._terraform(stack, "destroy", "-input=false", "-auto-approve")

    def refuse_without_infra(self) -> None:
        """Refuse to put the cluster stack on nothing.

        Raises:
            UsageError: There is no infra stack.
        """
        if not self.lists(self.infra):
            raise UsageError(
                f"{self.infra} is not deployed: {names.state_file(self.infra)} lists nothing",
                f"make infra-up ENV={self.env}",
            )

    def refuse_under_cluster(self) -> None:
        """Refuse to pull the infra stack from under the cluster stack.

        Raises:
            UsageError: The cluster stack still stands on it.
        """
        left = self.lists(self.cluster)
        if left:
            raise UsageError(
                f"{self.cluster} still has {left} resources on {self.infra}",
                f"make teardown ENV={self.env}",
            )

    @contextmanager
    def _importing(self, stack: str, imports: Iterable[Import]) -> Iterator[None]:
        """Blocks instead of `terraform import`: taken over and applied in one go, or not at all."""
        path = self.folder / OUTPUT / stack / IMPORTS
        path.unlink(missing_ok=True)
        blocks = []
        for each in imports:
            click.echo(f"taking over {each.what}: it is there, and the state does not list it")
            blocks.append({"to": each.address, "id": each.id})
        if blocks:
            path.write_text(json.dumps({"import": blocks}), encoding="utf-8")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def _at(self, stack: str) -> list[str]:
        return [f"-chdir={OUTPUT / stack}"]

    def _terraform(self, stack: str, verb: str, *arguments: str) -> None:
        # Terraform wants every variable to destroy, too, and then uses none of them
        environment = {**UNUSED, **self.environment} if verb == "destroy" else self.environment
        command = [child.find("terraform", INSTALL), *self._at(stack), verb, *arguments]
        self._run(command, environment)

    def _run(self, command: list[str], environment: Mapping[str, str]) -> None:
        child.run(command, folder=self.folder, environment=environment, patience=PATIENCE)
