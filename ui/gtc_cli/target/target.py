"""Which cluster a verb means: one rule for all of them, said on standard error.

A kubeconfig that was named (``--kubeconfig``, KUBECONFIG) wins over the rehearsal that runs here,
that over ``.gtc/kubeconfig-ENV`` of ``make kubeconfig``, that over the account of the pod that we
run in. ``~/.kube/config`` is never taken by itself: its current context may be anybody's cluster.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from gtc_cli.local import kubeconfig as written
from gtc_cli.target import rehearsal_notes
from gtc_cli.target.services import SERVICES
from gtc_runtime import choices, settings
from gtc_runtime.places import Place
from gtc_runtime.settings import Settings
from gtc_spec.environment import Environment
from gtc_spec.errors import UnreachableError

IN_POD: Final = "KUBERNETES_SERVICE_HOST"
"""Set by Kubernetes in every container."""


class NoClusterError(UnreachableError):
    """Nobody named a cluster, and none is known here."""


@dataclass(frozen=True)
class Target:
    """One cluster, and what is known about it here.

    Attributes:
        settings: Of this process; their kubeconfig is the one to use, empty for the pod's account.
        notes: What the running rehearsal wrote down, when the cluster is that one.
        env: The environment that was asked for; None for the cluster's own.
    """

    settings: Settings
    notes: dict[str, Any] | None
    env: str | None

    @property
    def kubeconfig(self) -> str | None:
        """File to use; None takes the pod's account."""
        return self.settings.kubeconfig or None

    def environment(self, phases: str | None = None) -> Environment:
        """What should be there, scaled in time like the rehearsal."""
        if self.notes is None:
            return choices.environment(self.env, phases)
        found = choices.environment(self.env or self.notes["env"], phases)
        simulated = self.notes.get("workers", "simulated") == "simulated"
        return found.scaled(self.notes.get("time_scale", 1), starts=simulated)

    @property
    def addresses(self) -> dict[Place, str]:
        """Where its parts answer, as far as somebody said."""
        configured = self.settings
        known: dict[Place, str] = {
            "frontend": configured.frontend_url,
            "prometheus": configured.prometheus_url,
            "grafana": configured.grafana_url,
            "panel": configured.url,
        }
        if self.notes is None:
            return known
        return {place: self.notes["urls"].get(place) or url for place, url in known.items()}

    def forwarded(self, place: str, local_port: int = 0) -> AbstractAsyncContextManager[str]:
        """A port of this machine to a part of it; see `gtc_runtime.cluster.api.forward`."""
        # Kubernetes' client takes a third of a second, and a known address needs none
        from gtc_runtime.cluster.api.forward import Inside, forwarded

        service = SERVICES[place]
        inside = Inside(service.namespace, service.name, service.port)
        return forwarded(self.kubeconfig, inside, local_port)


def choose(
    env: str | None = None, state_dir: Path | None = None, kubeconfig: str | None = None
) -> Target:
    """The cluster that is meant; it is named on standard error.

    Args:
        env: The flag ``--env``.
        state_dir: The flag ``--state-dir``.
        kubeconfig: The flag ``--kubeconfig``.

    Raises:
        NoClusterError: There is none.
        UsageError: The notes of a rehearsal are broken, or there is no such environment.
    """
    given = {"KUBECONFIG": kubeconfig} if kubeconfig else {}
    configured = settings.read(env=env, state_dir=state_dir, **given)
    notes = rehearsal_notes.read(configured.state_dir)
    named = configured.kubeconfig
    if named and not (notes and _same(named, notes["kubeconfig"])):
        accounts = (notes or {}).get("accounts", {}).values()  # of the rehearsal's own processes
        is_other = notes and not any(_same(named, one) for one in accounts)
        also = "; the rehearsal that runs here is another one" if is_other else ""
        return _announced(Target(configured, None, env), f"{named}{also}")
    if notes is not None:
        asks = notes["urls"].get("followups", configured.followups_url)
        there = {
            "kubeconfig": notes["kubeconfig"],
            "followups_url": asks,
            "followups_model": "",  # what was chosen is for the real service
        }
        told = f"the {notes['env']} rehearsal that runs here"
        return _announced(Target(configured.model_copy(update=there), notes, env), told)
    file = written.path(configured.state_dir, configured.env)
    if file.exists():
        found = configured.model_copy(update={"kubeconfig": str(file)})
        return _announced(Target(found, None, env), str(file))
    if IN_POD in os.environ:
        return _announced(Target(configured, None, env), "the one of this pod")
    choices.environment(env)  # a name that is none is told first
    raise NoClusterError(
        f"no cluster: no KUBECONFIG, no rehearsal runs in {configured.state_dir} and there is no"
        f" {file}",
        f"make demo, or make kubeconfig ENV={configured.env} for a deployed cluster",
    )


@asynccontextmanager
async def with_frontend(target: Target) -> AsyncIterator[dict[Place, str]]:
    """The addresses of a cluster with one of its frontend: a forwarded port unless one is known.

    Kubernetes' own proxy does not stream answers, so it will not do.

    Raises:
        GtcError: The cluster does not let us in, or no frontend is ready.
    """
    addresses = target.addresses
    if addresses.get("frontend"):
        yield addresses
        return
    async with target.forwarded("frontend") as url:
        click.echo(f"frontend: {url}, forwarded for this run", err=True)
        yield addresses | {"frontend": url}


def _announced(target: Target, words: str) -> Target:
    click.echo(f"cluster: {words}", err=True)
    return target


def _same(one: str, other: str) -> bool:
    return Path(one).expanduser().resolve() == Path(other).expanduser().resolve()
