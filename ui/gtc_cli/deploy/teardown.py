"""The end of a deployment: nothing that costs money stays, whatever a state or a cluster says.

The stacks go in order as long as that works. What does not answer is skipped after asking, what no
state lists is deleted through the API after asking, and at the end the account itself says what is
left.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import click

from gtc_cli.deploy.api import Api
from gtc_cli.deploy.recovery import adopt, inventory
from gtc_cli.deploy.recovery.inventory import Inventory
from gtc_cli.deploy.recovery.sweep import sweep
from gtc_cli.deploy.stacks import Stacks
from gtc_cli.local import state
from gtc_cli.local.child import Interrupted
from gtc_spec.errors import GtcError, UnreachableError, UsageError

MAIN = ("cluster", "share", "vpc")
"""What a stack makes; everything else in the account comes and goes with these."""


@dataclass(frozen=True)
class Consent:
    """Whoever may be asked while a teardown runs.

    Attributes:
        force: Everything is agreed to, such as in cron.
    """

    force: bool = False

    def to(self, what: str, why: str) -> None:
        """Go on only when this is agreed to.

        Raises:
            UsageError: It is not, or there is nobody to ask.
        """
        click.echo(why)
        if self.force:
            click.echo(f"{what}: yes, as forced")
            return
        if not os.isatty(0):
            raise UsageError(f"not done: {what}", "add --force, or FORCE=1 to make")
        if not click.confirm(f"{what}?"):
            raise UsageError(f"not done: {what}")


@dataclass
class Teardown:
    """One teardown.

    Attributes:
        stacks: What is taken down.
        api: The account that it is in.
        consent: Who is asked.
        make_safe: Reaches the safe state; says what it did.
    """

    stacks: Stacks
    api: Api
    consent: Consent
    make_safe: Callable[[], None]
    _ours: set[str] = field(default_factory=set)
    _silent: str = ""

    def inventory(self) -> Inventory:
        """What is in the account now."""
        return inventory.read(self.api, self.stacks.env, self._ours)

    def begin(self) -> None:
        """Note what the state knows, before anything forgets it."""
        self.stacks.settle()
        for kind in (adopt.CLUSTER, adopt.SHARE, adopt.VPC):
            self._ours |= set(state.ids(self.stacks.folder, self.stacks.infra, kind))
        for thing in self.inventory().things:
            click.echo(f"there is {thing}")

    def reach_safe_state(self) -> None:
        """Load off and KEDA in charge; a cluster that does not answer does not stop a teardown."""
        if not self.stacks.lists(self.stacks.cluster) or not self.inventory().of("cluster"):
            return
        try:
            self.make_safe()
        except GtcError as error:
            click.echo(f"not reached: {error.message}; going on, nothing of it will be left")
            if isinstance(error, UnreachableError):
                self._silent = error.message

    def destroy_cluster(self) -> None:
        """Destroy what is in the cluster, or let it go with the cluster.

        Raises:
            UsageError: It could not be destroyed, and nobody agreed to skip it.
        """
        stacks = self.stacks
        if not stacks.lists(stacks.cluster):
            return
        if self.inventory().of("cluster") is None:
            click.echo(f"the account has no such cluster any more: {stacks.cluster} went with it")
            state.drop(stacks.folder, stacks.cluster)
            return
        try:
            if self._silent:
                raise UnreachableError(self._silent)
            stacks.destroy(stacks.cluster)
        except Interrupted:
            raise
        except GtcError as error:
            self.consent.to(
                f"skip {stacks.cluster}",
                f"{error.message}; everything inside goes with the cluster all the same",
            )
            state.drop(stacks.folder, stacks.cluster)

    def destroy_infra(self) -> None:
        """Destroy VPC, cluster and share; what resists is left to `leave_nothing`."""
        try:
            self.stacks.destroy(self.stacks.infra)
        except Interrupted:
            raise
        except GtcError as error:
            click.echo(f"{error.message}; going on through the API")

    def leave_nothing(self) -> None:
        """Delete what is still there, and forget states of which nothing is left.

        Raises:
            UsageError: Nobody agreed to delete what the state did not list.
            GtcError: Something would not go.
        """
        found = self.inventory()
        foreign = [
            each
            for each in found.things
            if each.id not in self._ours and (each.kind in MAIN or not self._ours)
        ]
        if foreign:
            self.consent.to(
                f"delete {' and '.join(f'the {each.kind} {each.name}' for each in foreign)}",
                f"of {self.stacks.env}, in no state of this checkout: "
                + "; ".join(map(str, found.things)),
            )
        sweep(self.api, self.inventory, click.echo)
        for stack in (self.stacks.cluster, self.stacks.infra):
            if self.stacks.lists(stack):
                state.drop(self.stacks.folder, stack)

    def report(self) -> None:
        """Say what the account still has, as the account says it."""
        found = self.inventory()
        for thing in found.things:
            click.echo(f"still there: {thing}")
        for why in found.unseen:
            click.echo(f"not looked at: {why}")
        if not found.things:
            click.echo(f"{self.stacks.env} is gone: the account has nothing of it that costs money")
