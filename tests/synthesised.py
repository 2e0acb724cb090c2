"""A synthesised stack as plain data, with the documents inside it decoded."""

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from gtc_constructs._bindings import App, TerraformStack, Testing
from gtc_constructs.base import synthesise
from gtc_constructs.stacks import ClusterStack, InfraStack
from gtc_spec.environment import ENVIRONMENTS, Environment, load
from gtc_spec.overrides import load_with

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]
IMAGE = "registry.digitalocean.com/example/gtc-demo-loadgen:20260101-abcdef0"


class Synthesised:
    """What Terraform would read of one stack."""

    def __init__(self, stack: TerraformStack | Path) -> None:
        text = stack.read_text() if isinstance(stack, Path) else Testing.synth(stack)
        self.json: Json = decoded(without_comments(json.loads(text)))

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


@cache
def output() -> Path:
    """The folder with all stacks of the demo, written once a test run."""
    return written(*map(load, ENVIRONMENTS))


def written(*environments: Environment) -> Path:
    """The folder with the stacks of these environments."""
    folder = tempfile.mkdtemp(prefix="gtc-stacks-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    app = App(outdir=folder)
    for env in environments:
        infra = InfraStack(app, env)
        engines = ROOT / "engine_configs" / env.name
        ClusterStack(app, env, infra=infra, image=IMAGE, engine_configs=engines)
    return synthesise(app)


@cache
def stack_of_demo(name: str) -> Synthesised:
    """One of the demo's stacks, such as ``infra-prod``; do not change it."""
    return Synthesised(output() / "stacks" / name / "cdk.tf.json")


@cache
def cluster_with_engine(engine: str) -> Synthesised:
    """The demo's stack ``cluster-prod`` with another engine; do not change it."""
    folder = written(load_with("prod", {"GTC_ENGINE": engine}))
    return Synthesised(folder / "stacks" / "cluster-prod" / "cdk.tf.json")


def without_comments(value: Any) -> Any:
    """The same without what cdktf notes for itself under ``//``."""
    if isinstance(value, dict):
        return {key: without_comments(item) for key, item in value.items() if key != "//"}
    return [without_comments(item) for item in value] if isinstance(value, list) else value


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
