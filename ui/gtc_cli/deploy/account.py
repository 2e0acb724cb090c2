"""What runs in the DigitalOcean account, whoever deployed it and from wherever.

A state file knows only its own checkout; a colleague's prod would be overwritten without asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gtc_cli.deploy.api import Api
from gtc_cli.local import state
from gtc_spec import names
from gtc_spec.environment import ENVIRONMENTS
from gtc_spec.errors import UsageError


@dataclass(frozen=True)
class RunningCluster:
    """The demo's cluster as the account lists it.

    Attributes:
        tags: Its tags.
        created: When it was made; None when the account does not say.
        nodes: Size and time of creation of every node; the time of a pool that does not say is the
            cluster's.
    """

    tags: tuple[str, ...]
    created: datetime | None
    nodes: tuple[tuple[str, datetime | None], ...]


def running_cluster(token: str) -> RunningCluster | None:
    """The account's cluster that has the demo's name; None when there is none.

    Args:
        token: API token. The address is DIGITALOCEAN_API_URL, as for the Terraform provider.

    Raises:
        GtcError: See `cluster_tags`.
    """
    for cluster in Api(token).list("kubernetes/clusters", "kubernetes_clusters"):
        if cluster.get("name") == names.DEMO:
            created = _time(cluster.get("created_at"))
            nodes = [
                (str(pool.get("size", "")), _time(node.get("created_at")) or created)
                for pool in cluster.get("node_pools") or ()
                for node in pool.get("nodes") or ()
            ]
            return RunningCluster(tuple(cluster.get("tags") or ()), created, tuple(nodes))
    return None


def cluster_tags(token: str) -> tuple[str, ...] | None:
    """Tags of the account's cluster that has the demo's name; None when there is none.

    Args:
        token: API token. The address is DIGITALOCEAN_API_URL, as for the Terraform provider.

    Raises:
        UnreachableError: The API does not answer.
        UsageError: It refuses the token.
        GtcError: It answers something else.
    """
    cluster = running_cluster(token)
    return None if cluster is None else cluster.tags


def refuse_without_registry(api: Api) -> None:
    """Refuse an account without a container registry, before anything is made.

    The cluster is integrated with it; without one the provider would make the cluster, fail, and
    replace it the next time.

    Raises:
        UsageError: There is none.
        GtcError: The account cannot be read.
    """
    if api.get("registry", "registry") is None:
        raise UsageError(
            "the account has no container registry",
            "make one: doctl registry create NAME, and name it in REGISTRY",
        )


def refuse_other_environment(folder: Path, env: str, token: str, *, adopting: bool = False) -> None:
    """Refuse to deploy over a cluster that is not the one this checkout made.

    Args:
        folder: Root of the checkout.
        env: The environment.
        token: API token.
        adopting: Whether one that another checkout made is taken over.

    Raises:
        UsageError: The other environment lives in the account, or this one does but its state is
            elsewhere, or a cluster of that name has none of our tags.
        GtcError: See `cluster_tags`.
    """
    tags = cluster_tags(token)
    if tags is None:
        return
    lives = [each for each in ENVIRONMENTS if names.environment_tag(each) in tags]
    if not lives:
        raise UsageError(
            f"the account has a cluster {names.DEMO} without the tag of an environment",
            "it was not made by this; rename or remove it by hand",
        )
    if lives != [env]:
        raise UsageError(
            f"{lives[0]} is deployed in this account; it and {env} would share the name "
            f"{names.DEMO}",
            f"make teardown ENV={lives[0]} in the checkout that deployed it, then repeat",
        )
    if not adopting and not state.is_ours(folder, names.infra_stack(env)):
        file = names.state_file(names.infra_stack(env))
        raise UsageError(
            f"{env} is deployed in this account, but {file} of this checkout lists nothing",
            f"copy {file} and {names.state_file(names.cluster_stack(env))} from the checkout that "
            "deployed it; if they are lost, ADOPT=1 takes it over",
        )


def _time(text: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return when if when.tzinfo else None
