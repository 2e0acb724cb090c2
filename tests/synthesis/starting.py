"""What would keep an example from starting, read from what it ships.

Only what no provider's schema tells: names that lead to nothing in the cluster, and sizes. What the
program says to be there already (`ExistingModels(claim="models")`) is.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gtc_spec.cloud import droplets, gpus, regions
from gtc_spec.cloud.memory import misfit, weights_gib
from gtc_spec.errors import UsageError

Json = dict[str, Any]

_POOL: Final = "doks.digitalocean.com/node-pool"
_RELEASE_NAME_MAX: Final = 53
"""Helm's own limit."""
_DOWNLOADED: Final = 1.25
"""Room that a share must have, in the weights on it: other files, and a reserve."""


@dataclass(frozen=True)
class Checkpoint:
    """What the card of a model says: billions of parameters, longest context in tokens."""

    title: str
    billion: float
    weight_bytes: int
    tokens: int
    gated: bool = False


MODELS: Final = {
    "Qwen/Qwen2.5-1.5B-Instruct": Checkpoint("Qwen 2.5 1.5B in BF16", 1.54, 2, 32_768),
    "Qwen/Qwen2.5-7B-Instruct": Checkpoint("Qwen 2.5 7B in BF16", 7.62, 2, 32_768),
    "Qwen/Qwen3-8B": Checkpoint("Qwen 3 8B in BF16", 8.19, 2, 40_960),
    "meta-llama/Llama-3.1-8B-Instruct": Checkpoint(
        "Llama 3.1 8B in BF16", 8.03, 2, 131_072, gated=True
    ),
    "nvidia/Llama-3.1-70B-Instruct-FP8": Checkpoint("Llama 3.1 70B in FP8", 70.6, 1, 131_072),
}


@dataclass(frozen=True)
class Example:
    """A program and the stacks that it wrote."""

    program: str
    stacks: dict[str, Json]

    def made(self, kind: str) -> Iterator[Json]:
        """Resources of a Terraform type."""
        for stack in self.stacks.values():
            yield from stack.get("resource", {}).get(kind, {}).values()

    def shipped(self, kind: str) -> Iterator[tuple[Json, Json]]:
        """Objects of a Kubernetes kind, each with its release."""
        for release in self.made("helm_release"):
            for text in release.get("values", []):
                for each in json.loads(text).get("manifests", []):
                    if each["kind"] == kind:
                        yield release, each

    def exists(self, argument: str, value: str) -> bool:
        """Whether the program says that something of this name is there already."""
        said = rf'(?:Existing\w+|ScaleTarget)\([^)]*\b{argument}="{value}"'
        return bool(re.search(said, self.program))

    def workers(self) -> Iterator[tuple[Json, Json, Json]]:
        """Release, graph and worker."""
        for release, graph in self.shipped("DynamoGraphDeployment"):
            for service in graph["spec"]["services"].values():
                if service["componentType"] == "worker":
                    yield release, graph, service

    def jobs(self) -> Iterator[tuple[str, str, Json]]:
        """Address, namespace and pod of every job."""
        for stack in self.stacks.values():
            for key, job in stack.get("resource", {}).get("kubernetes_job_v1", {}).items():
                place = job["metadata"]["namespace"]
                yield f"kubernetes_job_v1.{key}", place, job["spec"]["template"]["spec"]


def faults(example: Example) -> list[str]:
    """Everything that would keep it from starting."""
    checks = (_places, _secrets, _claims, _models, _shares, _engine_files, _hardware, _releases)
    return [fault for check in checks for fault in check(example)]


def _places(example: Example) -> Iterator[str]:
    made = {each["metadata"]["name"] for each in example.made("kubernetes_namespace_v1")}
    made.add("default")  # of every cluster
    used = {each["namespace"] for each in example.made("helm_release")}
    for name in sorted(used | {place for _, place, _ in example.jobs()}):
        if name not in made and not example.exists(r"\w*namespace", name):
            yield f"nobody makes the namespace {name}"


def _secrets(example: Example) -> Iterator[str]:
    made = {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for each in example.made("kubernetes_secret_v1")
    }
    used = {(place, name) for _, place, pod in example.jobs() for name in _secret_names(pod)}
    for _, graph in example.shipped("DynamoGraphDeployment"):
        place = graph["metadata"]["namespace"]
        used |= {(place, name) for name in _secret_names(graph["spec"])}
    for place, name in sorted(used - made):
        if not example.exists("name", name):
            yield f"nobody makes the secret {name} in {place}"


def _secret_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("envFromSecret", "secretName", "secret_name"):
                yield inner
            elif key in ("secretKeyRef", "secret_key_ref", "secretRef", "secret_ref"):
                yield inner["name"]
            else:
                yield from _secret_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_names(inner)


def _claims(example: Example) -> Iterator[str]:
    made = {
        (claim["metadata"]["namespace"], claim["metadata"]["name"])
        for _, claim in example.shipped("PersistentVolumeClaim")
    }
    used = {
        (place, volume["persistent_volume_claim"]["claim_name"])
        for _, place, pod in example.jobs()
        for volume in pod["volume"]
        if "persistent_volume_claim" in volume
    }
    for _, graph in example.shipped("DynamoGraphDeployment"):
        place = graph["metadata"]["namespace"]
        used |= {(place, each["name"]) for each in graph["spec"].get("pvcs", [])}
    for place, name in sorted(used - made):
        if not example.exists("claim", name):
            yield f"nobody makes the claim {name} in {place}"


def _models(example: Example) -> Iterator[str]:
    brought = {}
    for address, place, pod in example.jobs():
        told = _flags(pod["container"][0]["args"])
        marker = f"{told['--directory']}/{told['--marker']}"
        brought[place, marker] = address
        variables = {each["name"] for each in pod["container"][0]["env"]}
        if MODELS[told["--repository"]].gated and "HF_TOKEN" not in variables:
            yield f"{told['--repository']} is gated, and its download has no token"
    for release, graph, worker in example.workers():
        name, place = graph["metadata"]["name"], graph["metadata"]["namespace"]
        arguments = _flags(worker["extraPodSpec"]["mainContainer"]["args"])
        for marker in re.findall(r'-f \\?"([^"\\]+)', json.dumps(_waits(worker))):
            address = brought.get((place, marker))
            if address is None and not example.exists("claim", graph["spec"]["pvcs"][0]["name"]):
                yield f"{name} waits for {marker}, which nobody writes"
            elif address and address not in release["depends_on"]:
                yield f"{name} does not come after {address}"
            if not marker.startswith(f"{_folder(arguments)}/."):
                yield f"{name} waits for {marker} and reads {_folder(arguments)}"


def _shares(example: Example) -> Iterator[str]:
    downloads = [
        _flags(pod["container"][0]["args"])["--repository"] for _, _, pod in example.jobs()
    ]
    needed = sum(weights_gib(MODELS[each].billion, MODELS[each].weight_bytes) for each in downloads)
    for share in example.made("digitalocean_nfs"):
        if share["size"] < needed * _DOWNLOADED:
            yield f"the share has {share['size']} GiB for {needed:.0f} GiB of weights"
        for _, claim in example.shipped("PersistentVolumeClaim"):
            wanted = claim["spec"]["resources"]["requests"]["storage"]
            if wanted != f"{share['size']}Gi":
                yield f"a claim wants {wanted} of a share of {share['size']} GiB"


def _engine_files(example: Example) -> Iterator[str]:
    files = {
        config["metadata"]["name"]: "".join(config.get("data", {}).values())
        for _, config in example.shipped("ConfigMap")
    }
    for _, graph, worker in example.workers():
        arguments = _flags(worker["extraPodSpec"]["mainContainer"]["args"])
        if "--extra-engine-args" not in arguments:
            continue
        [engine] = [each for each in worker["extraPodSpec"]["volumes"] if each["name"] == "engine"]
        begin = files[engine["configMap"]["name"]].splitlines()[0]
        title = MODELS[_folder(arguments).removeprefix("/models/")].title
        name = graph["metadata"]["name"]
        if title not in begin:
            yield f"{name} serves {title} by a file that says {begin!r}"
        if (gpu := _gpu(example, worker)) and gpu not in begin:
            yield f"{name} runs on {gpu} by a file that says {begin!r}"


def _hardware(example: Example) -> Iterator[str]:
    for cluster in example.made("digitalocean_kubernetes_cluster"):
        sizes = [each["size"] for each in example.made("digitalocean_kubernetes_node_pool")]
        wanted = {"gpus": any(map(gpus.of, sizes)), "nfs": any(example.made("digitalocean_nfs"))}
        try:
            regions.check(cluster["region"], **wanted)
            for size in [*sizes, cluster["node_pool"]["size"]]:
                droplets.check(size)
        except UsageError as error:
            yield error.message
    for _, graph, worker in example.workers():
        arguments = _flags(worker["extraPodSpec"]["mainContainer"]["args"])
        model = MODELS.get(_folder(arguments).removeprefix("/models/"))
        if model is None:  # simulated: it travels with the graph
            continue
        name, tokens = graph["metadata"]["name"], int(arguments.get(_context(arguments), 0))
        if tokens > model.tokens:
            yield f"{name} is to take {tokens} tokens, {model.title} takes {model.tokens}"
        for gpu in [each for size in _sizes(example, worker) if (each := gpus.of(size))]:
            if found := misfit(model.billion, model.weight_bytes, gpu.usable_gib):
                yield f"{name}: {found[0]}, allowed: {found[1]}"


def _releases(example: Example) -> Iterator[str]:
    for release in example.made("helm_release"):
        if len(release["name"]) > _RELEASE_NAME_MAX:
            yield f"the release {release['name']} has more than {_RELEASE_NAME_MAX} characters"


def _waits(worker: Json) -> list[list[str]]:
    return [each["command"] for each in worker["extraPodSpec"].get("initContainers", [])]


def _flags(arguments: list[str]) -> dict[str, str]:
    """Flags with what follows them."""
    return dict(zip(arguments, [*arguments[1:], ""], strict=True))


def _folder(arguments: dict[str, str]) -> str:
    return arguments.get("--model-path") or arguments["--model"]


def _context(arguments: dict[str, str]) -> str:
    return "--max-model-len" if "--max-model-len" in arguments else "--context-length"


def _sizes(example: Example, worker: Json) -> list[str]:
    """Sizes of the nodes that a worker may come to."""
    pool = worker["extraPodSpec"].get("nodeSelector", {}).get(_POOL)
    pools = list(example.made("digitalocean_kubernetes_node_pool"))
    return [each["size"] for each in pools if pool in (None, each["name"])]


def _gpu(example: Example, worker: Json) -> str:
    """``H100``; empty where the cluster is not of the example."""
    sizes = _sizes(example, worker)
    found = re.match(r"gpu-([a-z0-9]+?)x\d", sizes[0]) if sizes else None
    return found[1].upper() if found else ""


def read(folder: Path, program: Path) -> Example:
    """An example that wrote into a folder of its name."""
    written = (folder / program.stem / "stacks").glob("*/cdk.tf.json")
    stacks = {path.parent.name: json.loads(path.read_text()) for path in written}
    return Example(program.read_text(), stacks)
