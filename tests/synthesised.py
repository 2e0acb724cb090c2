"""A synthesised stack as plain data, with the documents inside it decoded."""

import json
from typing import Any

from gtc_constructs._bindings import TerraformStack, Testing

Json = dict[str, Any]


class Synthesised:
    """What Terraform would read of one stack."""

    def __init__(self, stack: TerraformStack) -> None:
        self.json: Json = decoded(json.loads(Testing.synth(stack)))

    def resources(self, kind: str) -> list[Json]:
        """All resources of a type."""
        return list(self.json.get("resource", {}).get(kind, {}).values())

    def resource(self, kind: str, **attributes: object) -> Json:
        """The only resource of a type with these attributes."""
        found = [
            each
            for each in self.resources(kind)
            if all(each.get(name) == value for name, value in attributes.items())
        ]
        assert len(found) == 1, f"{len(found)} of {kind} {attributes}"
        return found[0]

    def release(self, name: str) -> Json:
        """A Helm release by its name."""
        return self.resource("helm_release", name=name)

    def address(self, kind: str, resource: Json) -> str:
        """Where another resource refers to this one."""
        named = self.json["resource"][kind]
        return next(f"{kind}.{key}" for key, value in named.items() if value is resource)

    def manifests(self) -> list[Json]:
        """Every object that is shipped by a release of manifests."""
        return [
            manifest
            for release in self.resources("helm_release")
            for values in release.get("values", [])
            for manifest in values.get("manifests", [])
        ]


def decoded(stack: Json) -> Json:
    """The stack with Helm values and boards as data instead of text."""
    for release in stack.get("resource", {}).get("helm_release", {}).values():
        release["values"] = [json.loads(text) for text in release.get("values", [])]
    for board in stack.get("resource", {}).get("kubernetes_config_map_v1", {}).values():
        board["data"] = {
            name: json.loads(text) if name.endswith(".json") else text
            for name, text in board["data"].items()
        }
    return stack
