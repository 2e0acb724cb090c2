"""The two Terraform stacks of an environment, by the cdktf command.

The cluster stack depends on the infra stack, and cdktf refuses one without the other; here each may
be deployed alone once its neighbour is in the right state, which is checked first.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gtc_cli.deploy import child, state
from gtc_cli.deploy.variables import STACK_SECRETS, for_terraform, terraform_name
from gtc_spec import names
from gtc_spec.errors import UsageError

CDKTF: Final = "cdktf-cli@0.21.0"
"""The command that belongs to the pinned library; fetched by npx where it is not installed."""
ALONE: Final = "--ignore-missing-stack-dependencies"
UNUSED: Final = {terraform_name(key): "unused" for key in STACK_SECRETS}
OUTPUT: Final = Path("cdktf.out") / "stacks"


@dataclass(frozen=True)
class Stacks:
    """The stacks of one environment in one checkout.

    Attributes:
        folder: Root of the checkout.
        env: ``dev`` or ``prod``.
        environment: Of the children: choices and secrets as Terraform reads them.
    """

    folder: Path
    env: str
    environment: Mapping[str, str]

    @classmethod
    def of(
        cls, folder: Path, env: str, choices: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Stacks:
        """The stacks, with our own Python first on the path of what cdktf starts."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        environment = {**os.environ, **choices, **for_terraform(secrets), "PATH": path}
        # neither tool needs to report home to do its work
        return cls(folder, env, {**environment, "CHECKPOINT_DISABLE": "1"})

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

    def init(self) -> None:
        """Synthesise and let Terraform fetch the providers of the infra stack."""
        terraform = child.find("terraform", "install terraform 1.11 or newer")
        self._run([sys.executable, "main.py"])
        self._run([terraform, f"-chdir={OUTPUT / self.infra}", "init", "-input=false"])

    def plan_infra(self) -> None:
        """Show what deploying the infra stack would change."""
        self._cdktf("diff", self.infra)

    def deploy_infra(self) -> None:
        """Make or change the infra stack."""
        self._cdktf("deploy", self.infra, "--auto-approve")

    def deploy_cluster(self) -> None:
        """Make or change the cluster stack.

        Raises:
            UsageError: There is no infra stack to put it on.
        """
        if not self.lists(self.infra):
            raise UsageError(
                f"{self.infra} is not deployed: {names.state_file(self.infra)} lists nothing",
                f"make infra-up ENV={self.env}",
            )
        self._cdktf("deploy", self.cluster, ALONE, "--auto-approve")

    def destroy_cluster(self) -> None:
        """Destroy what is in the cluster, if there is anything."""
        if self.lists(self.cluster):
            self._cdktf("destroy", self.cluster, ALONE, "--auto-approve")

    def destroy_infra(self) -> None:
        """Destroy VPC, cluster and share, if there are any.

        Raises:
            UsageError: The cluster stack still stands on it.
        """
        left = self.lists(self.cluster)
        if left:
            raise UsageError(
                f"{self.cluster} still has {left} resources on {self.infra}",
                f"make teardown ENV={self.env}",
            )
        if self.lists(self.infra):
            self._cdktf("destroy", self.infra, ALONE, "--auto-approve")

    def _cdktf(self, *arguments: str) -> None:
        installed = shutil.which("cdktf", path=self.environment["PATH"])
        npx = ["npx", "--yes", CDKTF]
        if installed is None:
            npx[0] = child.find("npx", "install Node.js 20 or newer; it brings npx")
        child.find("terraform", "install terraform 1.11 or newer")
        self._run([*([installed] if installed else npx), *arguments])

    def _run(self, command: list[str]) -> None:
        # Terraform wants every variable to destroy, too, and then uses none of them
        environment = {**UNUSED, **self.environment} if "destroy" in command else self.environment
        child.run(command, folder=self.folder, environment=environment)
