"""Which values of a stack a house chooses anew: they become variables, with what stood there.

One rule a kind of value, by the type of the resource and the attribute. It must not know which
program wrote the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gtc_constructs.export.labels import label

Json = dict[str, Any]

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


@dataclass
class Variables:
    """The variables of one module, found while its values are replaced.

    Attributes:
        found: Variable by name, as Terraform's JSON has it.
    """

    found: dict[str, Json] = field(default_factory=dict)

    def of(self, name: str, kind: str, description: str, default: Any) -> str:
        """The reference to a variable that is made of a value."""
        name = re.sub(r"\W+", "_", name)
        variable: Json = {"description": description, "type": kind, "default": default}
        if kind == "number":
            variable["validation"] = [
                {
                    "condition": f"${{var.{name} >= 0}}",
                    "error_message": f"{name} is a number from 0 on.",
                }
            ]
        self.found.setdefault(name, {**variable, "nullable": False})
        return f"${{var.{name}}}"

    def replace(self, document: Json) -> None:
        """Put variables in the place of values, in a stack that has its readable names."""
        resources, data = document.get("resource", {}), document.get("data", {})
        self._cluster_name(resources, data)
        for kind, name, each in _each(resources):
            if kind.startswith("digitalocean_") and _is_literal(each.get("region")):
                each["region"] = self.of("region", "string", "region of everything", each["region"])
            if kind == _CLUSTER:
                self._choose(each["node_pool"], each["node_pool"]["name"], _NODES, "pool {}: {}")
                self._addresses(each)
            if kind == _POOL:
                self._choose(each, each["name"], _NODES, "pool {}: {}")
            if kind == "digitalocean_nfs":
                self._choose(each, label(name), _NFS, "{}: {}")
            if kind == "digitalocean_vpc" and "ip_range" in each:
                each["ip_range"] = self.of(
                    "vpc_cidr", "string", "address range of the network", each["ip_range"]
                )
        for each in data.get("digitalocean_kubernetes_versions", {}).values():
            minor = each["version_prefix"].rstrip(".")
            says = "release line of Kubernetes; new clusters get its latest patch"
            each["version_prefix"] = self.of("kubernetes_minor", "string", says, minor) + "."

    def _cluster_name(self, resources: Json, data: Json) -> None:
        """One variable, also where the name is the begin of others."""
        clusters = [*resources.get(_CLUSTER, {}).values(), *data.get(_CLUSTER, {}).values()]
        names = {each["name"] for each in clusters if _is_literal(each.get("name"))}
        if len(names) != 1:
            return
        [name] = names
        wanted = self.of("cluster_name", "string", "name of the cluster, begin of others", name)
        for each in clusters:
            each["name"] = wanted
        for kind in ("digitalocean_vpc", "digitalocean_nfs"):
            for each in resources.get(kind, {}).values():
                if str(each.get("name", "")).startswith(f"{name}-"):
                    each["name"] = wanted + each["name"].removeprefix(name)

    def _addresses(self, cluster: Json) -> None:
        wall = cluster.get("control_plane_firewall")
        if wall:
            says = "addresses that may reach the control plane"
            given = wall["allowed_addresses"]
            wall["allowed_addresses"] = self.of("allowed_addresses", "list(string)", says, given)

    def _choose(
        self, block: Json, prefix: str, rules: Mapping[str, tuple[str, str, str]], says: str
    ) -> None:
        for attribute, (suffix, kind, what) in rules.items():
            if attribute in block:
                name, text = f"{prefix}_{suffix}", says.format(prefix, what)
                block[attribute] = self.of(name, kind, text, block[attribute])

    def manifests(self, documents: Json) -> None:
        """Numbers of workers in the objects that a release ships."""
        for manifest in documents.get("manifests", []):
            name, spec = manifest.get("metadata", {}).get("name", ""), manifest.get("spec", {})
            if manifest.get("kind") == "DynamoGraphDeployment":
                for service, each in spec.get("services", {}).items():
                    if isinstance(each.get("replicas"), int):
                        says = f"{name}: pods of {service} before anything scales them"
                        each["replicas"] = self._number(
                            f"{name}_{service}_replicas", says, each["replicas"]
                        )
            if manifest.get("kind") == "ScaledObject":
                for key, what in (("minReplicaCount", "min"), ("maxReplicaCount", "max")):
                    if isinstance(spec.get(key), int):
                        says = f"{name}: {what}imum of replicas"
                        spec[key] = self._number(f"{name}_{what}_replicas", says, spec[key])

    def _number(self, name: str, says: str, value: int) -> str:
        """A number inside a document of JSON: the quotes around it go when it is written."""
        return UNQUOTED + self.of(name.lower(), "number", says, value)


UNQUOTED: Final = "\x00"
"""Begins a text that stands for a number."""


def _each(resources: Mapping[str, Any]) -> Iterator[tuple[str, str, Json]]:
    for kind, things in resources.items():
        for name, each in things.items():
            yield kind, name, each


def _is_literal(value: object) -> bool:
    return isinstance(value, str) and "${" not in value
