"""What runs in the DigitalOcean account, whoever deployed it and from wherever.

A state file knows only its own checkout; a colleague's prod would be overwritten without this look.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gtc_cli.deploy import state
from gtc_spec import names
from gtc_spec.environment import ENVIRONMENTS
from gtc_spec.errors import GtcError, UnreachableError, UsageError

API: Final = "https://api.digitalocean.com"
DEADLINE_S: Final = 20.0


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
    address = os.environ.get("DIGITALOCEAN_API_URL") or API
    for cluster in _clusters(address, token):
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


def refuse_other_environment(folder: Path, env: str, token: str) -> None:
    """Refuse to deploy over a cluster that is not the one this checkout made.

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
            f"{lives[0]} is deployed in this account; {lives[0]} and {env} share the name "
            f"{names.DEMO}",
            f"make teardown ENV={lives[0]} in the checkout that deployed it, then repeat",
        )
    file = names.state_file(names.infra_stack(env))
    if not state.resources(folder, names.infra_stack(env)):
        raise UsageError(
            f"{env} is deployed in this account, but {file} of this checkout lists nothing",
            f"copy {file} and {names.state_file(names.cluster_stack(env))} from the checkout that "
            "deployed it",
        )


def _time(text: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return when if when.tzinfo else None


def _clusters(address: str, token: str) -> list[dict[str, Any]]:
    import httpx  # a quarter of a second that other verbs should not pay

    url = f"{address.rstrip('/')}/v2/kubernetes/clusters"
    try:
        answer = httpx.get(
            url,
            params={"per_page": 200},
            headers={"Authorization": f"Bearer {token}"},
            timeout=DEADLINE_S,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreachableError(
            f"digitalocean does not answer at {url}: {error or type(error).__name__}",
            "check the network; nothing was changed",
        ) from None
    if answer.status_code in (401, 403):
        raise UsageError(
            f"digitalocean refuses the token ({answer.status_code})",
            "DIGITALOCEAN_ACCESS_TOKEN needs kubernetes, vpc, nfs and registry rights",
        )
    if answer.status_code != 200:
        raise GtcError(f"digitalocean answered {answer.status_code} to the list of clusters")
    try:
        listed = answer.json()["kubernetes_clusters"] or []
        return [each for each in listed if isinstance(each, dict)]
    except (ValueError, KeyError, TypeError):
        raise GtcError("digitalocean sent no list of clusters") from None
