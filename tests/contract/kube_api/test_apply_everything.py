"""Every object that a deployment creates is taken by the API as kubectl sends it, strictly."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gtc_rehearsal.kube_api import KubeApiServer, Store
from gtc_rehearsal.surroundings import objects
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.manifests.panel import panel
from tests.contract import real_cluster
from tests.unit.spec.test_manifest_schemas import ENVIRONMENTS, core, custom

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
CALL_S = 50


@pytest.fixture(params=real_cluster.PLACES)
async def kubeconfig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Path]:
    """An API without any object of ours, here or there."""
    if request.param != "rehearsal":
        yield real_cluster.of(request).kubeconfig
        return
    server = KubeApiServer(Store())
    await server.start()
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(server.kubeconfig()))
    yield file
    await server.stop()


def everything(env: Environment) -> list[dict[str, Any]]:
    """All manifests of an environment, each object once."""
    surroundings = [{**resource.type_meta, **manifest} for resource, manifest in objects(env)]
    every = [*core(env), *custom(env), panel.panel_monitor(env), *surroundings]
    once = {
        (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one
        for one in every
        if one["kind"] != "DynamoGraphDeploymentScalingAdapter"  # the operator makes them
    }
    return list(once.values())


async def kubectl(kubeconfig: Path, *arguments: str) -> tuple[int, list[str]]:
    process = await asyncio.create_subprocess_exec(
        "kubectl", "--kubeconfig", str(kubeconfig), *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(CALL_S):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    return process.returncode or 0, printed.decode().splitlines()


async def let_go(kubeconfig: Path, manifests: list[dict[str, Any]]) -> None:
    """The volume controller's part: a deleted volume stays until nobody protects it any more."""
    unprotected = ("--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    for one in manifests:
        if one["kind"].startswith("PersistentVolume"):
            where = one["metadata"].get("namespace", "default")
            await kubectl(kubeconfig, "-n", where, "patch", one["kind"], one["metadata"]["name"],
                          *unprotected)  # fmt: skip


def sent_again(manifests: list[dict[str, Any]]) -> set[str]:
    """What kubectl writes at every apply: the server keeps no empty values of built-in kinds."""
    every = {
        "ConfigMap": "configmap",
        "NetworkPolicy": "networkpolicy.networking.k8s.io",
        "PersistentVolume": "persistentvolume",
    }
    return {
        f"{every[one['kind']]}/{one['metadata']['name']}"
        for one in manifests
        if one["kind"] in every and any(value in ({}, [], "") for value in dropped_if_empty(one))
    }


def dropped_if_empty(manifest: dict[str, Any]) -> list[Any]:
    """The values of a manifest of which the server keeps no empty one; a selector is a choice."""
    spec = {"data": manifest.get("data", "none")} | (manifest.get("spec") or {})
    return [value for name, value in spec.items() if name != "podSelector"]


@pytest.mark.parametrize("env", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
async def test_everything_is_created_and_the_second_time_nothing_changes(
    env: Environment, kubeconfig: Path, tmp_path: Path
) -> None:
    manifests = everything(env)
    file = tmp_path / "everything.yaml"
    file.write_text(yaml.safe_dump_all(manifests))
    apply = ("apply", "--validate=strict", "-f", str(file))

    made, first = await kubectl(kubeconfig, *apply)
    again, second = await kubectl(kubeconfig, *apply)
    generation = "jsonpath={.metadata.generation}"
    workload = ("-n", names.NAMESPACE_WORKLOAD)
    _, graph = await kubectl(kubeconfig, *workload, "get", "dgd", names.DEMO, "-o", generation)
    await kubectl(kubeconfig, "delete", "--wait=false", "-f", str(file))
    await let_go(kubeconfig, manifests)

    assert made == 0, first
    assert len([line for line in first if line.endswith(" created")]) == len(manifests)
    assert again == 0, second
    written = {line.removesuffix(" configured") for line in second if " configured" in line}
    # and lists in which the definition has filled in defaults, where the graph has such
    graphs = {f"dynamographdeployment.nvidia.com/{names.DEMO}"}
    assert written - graphs == sent_again(manifests)
    assert {line for line in second if not line.endswith((" unchanged", " configured"))} == set()
    assert graph == ["1"]
