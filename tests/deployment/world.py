"""A whole world for `gtc deploy`: account, cluster, bucket with a corpus, tools, and a checkout."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deployment import tools
from tests.deployment.kubernetes import Inside, inside
from tests.deployment.place import Place
from tests.digitalocean.account import Account, Timings
from tests.digitalocean.server import Cloud, serving
from tests.digitalocean.surroundings import surroundings

WORKING_S = Timings(cluster_s=0.4, pool_s=0.4, share_s=0.2)
"""Long enough for a kill to meet things half made."""
PASSING = ("Event", "Lease", "Job", "Pod")
"""Kinds whose objects come and go by themselves."""


@dataclass
class World:
    """Everything outside of the product, and how to look at it."""

    cloud: Cloud
    cluster: Inside
    place: Place

    def end_state(self) -> dict[str, Any]:
        """All that a deployment leaves, without ids and times."""
        account, stacks = self.cloud.account, ("infra-dev", "cluster-dev")
        return {
            "vpcs": sorted(each["name"] for each in account.vpcs.values()),
            "clusters": [_cluster(each) for each in account.clusters.values()],
            "shares": [(each["name"], each["size_gib"]) for each in account.shares.values()],
            "states": {stack: sorted(_addresses(self.place.state(stack))) for stack in stacks},
            "releases": self._releases(),
            "objects": self._objects(),
            "pushed": sorted(set((tools_folder(self.place) / "pushed").read_text().split())),
        }

    def _objects(self) -> list[str]:
        found = []
        for resource in self.cluster.kinds():
            for each in self.cluster.store.list(resource):
                meta = each["metadata"]
                name = f"{resource.kind} {meta.get('namespace', '')}/{meta['name']}"
                if resource.kind not in (*PASSING, "Node") and "sh.helm.release" not in name:
                    found.append(name)
        return sorted(found)

    def _releases(self) -> dict[str, str]:
        """The status of the newest revision of each release."""
        newest: dict[str, tuple[int, str]] = {}
        for each in self.cluster.secrets():
            labels = each["metadata"].get("labels") or {}
            if labels.get("owner") == "helm":
                name, number = labels["name"], int(labels["version"])
                newest[name] = max(newest.get(name, (0, "")), (number, labels["status"]))
        return {name: status for name, (_, status) in sorted(newest.items())}


@contextmanager
def world(folder: Path, synthesised: Path, endpoint: str) -> Iterator[World]:
    """Make one with an empty account."""
    account = Account(other_droplets=0, timings=Timings(**vars(WORKING_S)))
    with serving(account) as cloud, inside(account) as cluster, surroundings() as around:
        (token,) = account.tokens
        names_of_tools = ("docker", "doctl", "kubectl", "terraform")
        found = tools.install(folder / "bin", cloud.url, token, *names_of_tools)
        place = Place.make(folder, cloud, synthesised, found)
        place.environment |= {
            "GTC_SPACES_ENDPOINT": endpoint,
            "GTC_STATE_DIR": str(folder / "gtc"),
            "GTC_FOLLOWUPS_URL": around.url,
            "HF_ENDPOINT": around.url,
        }
        make_a_commit(place)
        yield World(cloud, cluster, place)


def make_a_commit(place: Place) -> None:
    """A push needs a checkout that is its commit."""
    place.git("init", "-q")
    if not (place.folder / ".gitignore").exists():
        ignored = ".gtc/\ncdktf.out/\n*.tfstate*\n__pycache__/\n"
        (place.folder / ".gitignore").write_text(ignored)
    place.git("add", "-A")
    place.git("commit", "-q", "-m", "x")


def tools_folder(place: Place) -> Path:
    """Where docker keeps what was pushed."""
    return Path(place.environment[tools.NOTE])


def _cluster(cluster: dict[str, Any]) -> dict[str, Any]:
    pools = [(each["name"], each["size"], len(each["nodes"])) for each in cluster["node_pools"]]
    tags = sorted(each for each in cluster["tags"] if not re.match("k8s", each))
    wired = cluster["registry_enabled"]
    return {"name": cluster["name"], "tags": tags, "pools": sorted(pools), "registry": wired}


def _addresses(state: dict[str, Any]) -> list[str]:
    return [f"{each['type']}.{each['name']}" for each in state.get("resources", [])]
