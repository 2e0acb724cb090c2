"""Which values of a stack a house chooses anew: they become variables, with what stood there.

One rule a kind of value, by the type of the resource and the attribute. It must not know which
program wrote the stack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gtc_constructs.export.choices import Choice, Choices, Json
from gtc_constructs.export.labels import label

_CLUSTER: Final = "digitalocean_kubernetes_cluster"
_POOL: Final = "digitalocean_kubernetes_node_pool"
_NODES: Final = {
    "size": ("size", "string", "size of the nodes"),
    "node_count": ("count", "number", "number of nodes"),
    "min_nodes": ("min", "number", "smallest number of nodes"),
    "max_nodes": ("max", "number", "largest number of nodes"),
}
_NFS: Final = {
    "size": ("size_gib", "number", "size of the share in GiB; it can grow and not shrink"),
    "performance_tier": ("tier", "string", "throughput class of the share, standard or high"),
}
_ADDRESSES: Final = "allowed_addresses"


class Variables(Choices):
    """What a house chooses in one module."""

    def stack(self, document: Json) -> None:
        """Offer the values of a stack that has its readable names and cdktf's comments."""
        resources, data = document.get("resource", {}), document.get("data", {})
        self._cluster_names(resources, data)
        for kind, name, each in _each(resources):
            owner = "_".join(_owners(name, each))
            if kind.startswith("digitalocean_") and isinstance(each.get("region"), str):
                self._region(each, owner, _owners(name, each)[0])
            if kind == _CLUSTER:
                self._pool(each["node_pool"], owner)
                self._addresses(each.get("control_plane_firewall"), owner)
            if kind == _POOL:
                self._pool(each, owner)
            if kind == "digitalocean_nfs":
                self._choose(each, label(name), owner, _NFS, "{}: {}")
            if kind == "digitalocean_vpc" and "ip_range" in each:
                says, range_ = "address range of the network", each["ip_range"]
                self.offer(Choice(each, "ip_range", "vpc_cidr", "string", says, range_, owner))
        for name, each in data.get("digitalocean_kubernetes_versions", {}).items():
            self._version(each, "_".join(_owners(name, each)))

    def manifests(self, documents: Json, namespace: str) -> None:
        """Offer the numbers of workers in the objects that a release ships to a namespace."""
        for manifest in documents.get("manifests", []):
            about, spec = manifest.get("metadata", {}), manifest.get("spec", {})
            name, owner = about.get("name", ""), about.get("namespace", namespace)
            if manifest.get("kind") == "DynamoGraphDeployment":
                for service, each in spec.get("services", {}).items():
                    says = f"{name}: pods of {service} before anything scales them"
                    wanted = f"{name}_{service}_replicas"
                    self._number(each, "replicas", wanted, says, owner)
            if manifest.get("kind") == "ScaledObject":
                for key, what in (("minReplicaCount", "min"), ("maxReplicaCount", "max")):
                    says = f"{name}: {what}imum of replicas"
                    self._number(spec, key, f"{name}_{what}_replicas", says, owner)

    def _cluster_names(self, resources: Json, data: Json) -> None:
        """One variable a name, also where the name is the begin of others."""
        owners: dict[str, str] = {}
        for kind, unique, each in (*_each(resources), *_each(data)):
            if kind == _CLUSTER and _is_literal(each.get("name")):
                owner = owners.setdefault(each["name"], "_".join(_owners(unique, each)))
                self._name(each, each["name"], owner)
        for kind in ("digitalocean_vpc", "digitalocean_nfs"):
            for each in resources.get(kind, {}).values():
                begins = [name for name in owners if str(each.get("name")).startswith(f"{name}-")]
                if begins:
                    name = max(begins, key=len)
                    self._name(each, name, owners[name])

    def _name(self, block: Json, name: str, owner: str) -> None:
        says, frame = "name of the cluster, begin of others", "{}" + block["name"][len(name) :]
        wanted = ("name", "cluster_name", "string", says, name, owner)
        self.offer(Choice(block, *wanted, shared=owner, frame=frame))

    def _region(self, block: Json, owner: str, part: str) -> None:
        """One for all that lies together: a cluster, its network and its share."""
        wanted = ("region", "region", "string", "region of everything", block["region"], owner)
        self.offer(Choice(block, *wanted, shared=part))

    def _addresses(self, wall: Json | None, owner: str) -> None:
        if wall:
            says = "addresses that may reach the control plane"
            wanted = (_ADDRESSES, _ADDRESSES, "list(string)", says, wall[_ADDRESSES], owner)
            self.offer(Choice(wall, *wanted))

    def _version(self, block: Json, owner: str) -> None:
        says = "release line of Kubernetes; new clusters get its latest patch"
        minor = str(block.get("version_prefix", "")).rstrip(".")
        if minor:
            wanted = ("version_prefix", "kubernetes_minor", "string", says, minor, owner)
            self.offer(Choice(block, *wanted, frame="{}."))

    def _pool(self, pool: Json, owner: str) -> None:
        self._choose(pool, pool["name"], owner, _NODES, "pool {}: {}")

    def _choose(
        self,
        block: Json,
        prefix: str,
        owner: str,
        rules: Mapping[str, tuple[str, str, str]],
        says: str,
    ) -> None:
        for attribute, (suffix, kind, what) in rules.items():
            if attribute in block:
                text = says.format(prefix, what)
                wanted = (f"{prefix}_{suffix}", kind, text, block[attribute], owner)
                self.offer(Choice(block, attribute, *wanted))

    def _number(self, block: Json, key: str, name: str, says: str, owner: str) -> None:
        """A number inside a document of JSON: the quotes around it go when it is written."""
        if isinstance(block.get(key), int):
            wanted = (key, name.lower(), "number", says, block[key], owner)
            self.offer(Choice(block, *wanted, frame=UNQUOTED + "{}"))


UNQUOTED: Final = "\x00"
"""Begins a text that stands for a number."""


def _owners(name: str, block: Json) -> list[str]:
    """The constructs that a resource is part of, or itself where the stack itself has it."""
    path = block.get("//", {}).get("metadata", {}).get("path", "")
    return path.split("/")[1:-1] or [label(name)]


def _each(things: Mapping[str, Any]) -> Iterator[tuple[str, str, Json]]:
    for kind, named in things.items():
        for name, each in named.items():
            yield kind, name, each


def _is_literal(value: object) -> bool:
    return isinstance(value, str) and "${" not in value
