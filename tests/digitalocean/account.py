"""One DigitalOcean account in memory: what it may have, what it has, and what of that costs money.

It follows godo's types and the provider's checks. Nobody could hold it against the real API, so a
rule that neither document states (unique names of pools, how long a VPC keeps its members) is a
guess; it is the stricter one wherever there was a choice.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.digitalocean.answers import Refused
from tests.digitalocean.clock import Clock
from tests.digitalocean.faults import Faults
from tests.digitalocean.routing import FULL_ACCESS

TOKEN = "dop_v1_stand_in"
Thing = dict[str, Any]


def size(slug: str, usd_h: float, *regions: str, gpu: tuple[str, int] | None = None) -> Thing:
    """A droplet size as /v2/sizes lists it; memory and disk are of no interest here."""
    what: Thing = {
        "slug": slug, "memory": 4096, "vcpus": 2, "disk": 80, "transfer": 4.0,
        "price_monthly": round(usd_h * 672, 2), "price_hourly": usd_h, "regions": list(regions),
        "available": True, "description": "GPU" if gpu else "Basic",
    }  # fmt: skip
    if gpu:
        what["gpu_info"] = {"model": gpu[0], "count": gpu[1]}
    return what


def _sizes() -> list[Thing]:
    everywhere = ("atl1", "nyc2", "tor1")
    return [
        size("s-2vcpu-4gb", 0.03571, *everywhere),
        size("s-4vcpu-8gb", 0.07143, *everywhere),
        size("s-8vcpu-16gb", 0.14286, *everywhere),
        size("c-8", 0.25, *everywhere),
        size("c-16", 0.5, *everywhere),
        size("gpu-h100x1-80gb", 3.39, "atl1", "nyc2", "tor1", gpu=("nvidia_h100", 1)),
        size("gpu-h100x8-640gb", 23.92, "atl1", "nyc2", gpu=("nvidia_h100", 8)),
        size("gpu-h200x1-141gb", 3.44, "atl1", gpu=("nvidia_h200", 1)),
        size("gpu-h200x8-1128gb", 27.52, "atl1", gpu=("nvidia_h200", 8)),
    ]


@dataclass
class Timings:
    """How long things take, seconds; read at every question, so a test may change them.

    Attributes:
        cluster_s, pool_s, share_s: From creation to running; infinity is never.
        release_s: How long a VPC keeps what was deleted in it.
    """

    cluster_s: float = 0.0
    pool_s: float = 0.0
    share_s: float = 0.0
    release_s: float = 0.0


@dataclass
class Kube:
    """Where the API server of every cluster is; another real server may be put here."""

    server: str = ""
    ca: str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClptRnJaUT09Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"
    token: str = "dop_v1_of_the_cluster"


@dataclass
class Registry:
    """The account's registry and its subscription."""

    name: str = "do-solutions-sfo3"
    region: str = "sfo3"
    used_bytes: int = 2 * 2**30
    tier: str = "professional"
    included_bytes: int = 100 * 2**30
    included_repositories: int = 0
    overage: bool = True
    repositories: list[str] = field(default_factory=lambda: ["gtc-demo-loadgen"])


@dataclass
class Account:
    """Everything of one account. Tests read and change it while the server runs; see `lock`.

    Attributes:
        tokens: Scopes by token.
        sizes: What /v2/sizes lists; a size that only a contract gives is not in it.
        contracts: Sizes that a contract gives this account; Kubernetes lists them (a guess).
        nfs_regions: Where a share can be made; no endpoint of the API lists them.
        droplet_limit: Most droplets at a time, nodes of clusters included.
        other_droplets: Droplets of other people, beside the nodes.
        left_droplets: Nodes that outlived their cluster, by id.
        vpcs, clusters, shares, load_balancers, volumes: What exists, by id.
        held: VPC, time of deletion and name of what was deleted and still counts as its member.
    """

    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    timings: Timings = field(default_factory=Timings)
    kube: Kube = field(default_factory=Kube)
    tokens: dict[str, frozenset[str]] = field(default_factory=lambda: {TOKEN: FULL_ACCESS})
    uuid: str = "5df3e3004a17e242b7c20ca6c9fc25b701a47ece"
    email: str = "demo@example.com"
    team: str = "solutions"
    status: str = "active"
    droplet_limit: int = 25
    other_droplets: int = 3
    sizes: list[Thing] = field(default_factory=_sizes)
    contracts: set[str] = field(default_factory=lambda: {"gpu-h200x8-1128gb-contracted"})
    regions: dict[str, str] = field(
        default_factory=lambda: {"atl1": "Atlanta 1", "nyc2": "New York 2", "tor1": "Toronto 1"}
    )
    kubernetes_regions: set[str] = field(default_factory=lambda: {"atl1", "nyc2", "tor1"})
    versions: list[str] = field(
        default_factory=lambda: ["1.35.2-do.0", "1.34.5-do.1", "1.33.9-do.0"]
    )
    nfs_regions: set[str] = field(default_factory=lambda: {"atl1", "nyc2"})
    registry: Registry | None = field(default_factory=Registry)
    report_gpu_taint: bool = False
    tier_prefix: bool = True
    vpcs: dict[str, Thing] = field(default_factory=dict)
    clusters: dict[str, Thing] = field(default_factory=dict)
    shares: dict[str, Thing] = field(default_factory=dict)
    load_balancers: dict[str, Thing] = field(default_factory=dict)
    volumes: dict[str, Thing] = field(default_factory=dict)
    left_droplets: dict[str, Thing] = field(default_factory=dict)
    held: list[tuple[str, float, str]] = field(default_factory=list)

    @property
    def slugs(self) -> set[str]:
        """Every size that a node pool may have."""
        return {each["slug"] for each in self.sizes if each["available"]} | self.contracts

    def find(self, kind: dict[str, Thing], id: str) -> Thing:
        """One thing by its id; refuses with 404."""
        if id not in kind:
            raise Refused(404, "The resource you were accessing could not be found.")
        return kind[id]

    def cluster(self, name: str) -> Thing:
        """A cluster by its name, for tests."""
        return next(each for each in self.clusters.values() if each["name"] == name)

    def members(self, vpc: str) -> list[str]:
        """Names of what is in a VPC, what was just deleted included."""
        now = self.clock.now()
        return [
            *(each["name"] for each in self.clusters.values() if each["vpc_uuid"] == vpc),
            *(each["name"] for each in self.shares.values() if vpc in each["vpc_ids"]),
            *(each["name"] for each in self.load_balancers.values() if vpc == each["vpc_uuid"]),
            *(
                name
                for where, since, name in self.held
                if where == vpc and now < since + self.timings.release_s
            ),
        ]

    def nodes(self) -> int:
        """Droplets that are nodes of a cluster."""
        pools = (pool for each in self.clusters.values() for pool in each["node_pools"])
        return sum(pool["count"] for pool in pools)

    def drop_cluster(self, id: str, *, associated: bool) -> None:
        """Delete a cluster, as the console does too; its load balancers and volumes if wanted."""
        gone = self.clusters.pop(id)
        self.held.append((gone["vpc_uuid"], self.clock.now(), f"nodes of {gone['name']}"))
        for kind in (self.load_balancers, self.volumes):
            for each in [each for each in kind.values() if each["cluster"] == id]:
                if associated:
                    del kind[each["id"]]

    def made_in(self, cluster: str, kind: str, name: str) -> Thing:
        """Let a cluster's controller make a load balancer or a volume (``kind``)."""
        made: Thing = {"id": new_id(), "name": name, "cluster": cluster, "tags": [f"k8s:{cluster}"]}
        if kind == "volume":
            made["size_gigabytes"] = 10
        else:
            made["vpc_uuid"] = self.clusters[cluster]["vpc_uuid"]
        {"load_balancer": self.load_balancers, "volume": self.volumes}[kind][made["id"]] = made
        return made

    def leave_droplet(self, size: str, *tags: str) -> Thing:
        """Let a node outlive its cluster."""
        made: Thing = {"id": new_id(), "name": f"left-{size}", "size_slug": size, "tags": [*tags]}
        self.left_droplets[made["id"]] = made
        return made

    def droplets(self) -> list[Thing]:
        """Every droplet, as the API shows it."""
        pools = (pool for each in self.clusters.values() for pool in each["node_pools"])
        nodes = [
            {"id": node["id"], "name": node["name"], "size_slug": pool["size"],
             "tags": pool["tags"]}
            for pool in pools
            for node in pool["nodes"]
        ]  # fmt: skip
        others = [{"id": number, "name": f"other-{number}", "size_slug": "c-8", "tags": []}
                  for number in range(self.other_droplets)]  # fmt: skip
        return [*others, *nodes, *self.left_droplets.values()]

    def billable(self) -> list[str]:
        """Everything that costs money, in words; a VPC and an empty account cost nothing."""
        pools = [
            f"{pool['count']} x {pool['size']} in {each['name']}"
            for each in self.clusters.values()
            for pool in each["node_pools"]
        ]
        return [
            *(f"cluster {each['name']}" for each in self.clusters.values()),
            *pools,
            *(f"share {each['name']}, {each['size_gib']} GiB" for each in self.shares.values()),
            *(f"load balancer {each['name']}" for each in self.load_balancers.values()),
            *(f"volume {each['name']}" for each in self.volumes.values()),
            *(f"droplet {each['name']}" for each in self.left_droplets.values()),
        ]


def new_id() -> str:
    """An id as the API gives them."""
    return str(uuid.uuid4())
