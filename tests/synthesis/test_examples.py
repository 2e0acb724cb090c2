"""The examples are programs that work, from the checkout and from the wheel alone."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.synthesis import references, starting
from tests.synthesis.conftest import ALL_EXAMPLES, ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
Json = dict[str, Any]
Stacks = Callable[[str], dict[str, Json]]
pytestmark = pytest.mark.timeout(150)


@pytest.fixture
def stacks(examples: Path) -> Stacks:
    """What an example wrote, by the name of the stack."""

    def read(name: str) -> dict[str, Json]:
        return starting.read(examples, ROOT / "examples" / f"{name}.py").stacks

    return read


@pytest.mark.parametrize("name", [path.stem for path in EXAMPLES])
def test_every_example_is_synthesised_without_a_dangling_reference(
    stacks: Stacks, name: str
) -> None:
    written = stacks(name)

    assert written
    assert {stack: references.problems(document) for stack, document in written.items()} == {
        stack: [] for stack in written
    }


def test_a_cluster_alone_has_nothing_but_its_own_resources(stacks: Stacks) -> None:
    resources = stacks("gpu_cluster")["training"]["resource"]

    assert set(resources) == {
        "digitalocean_kubernetes_cluster",
        "digitalocean_kubernetes_node_pool",
        "digitalocean_nfs",
        "digitalocean_vpc",
    }
    [cluster] = resources["digitalocean_kubernetes_cluster"].values()
    assert cluster["control_plane_firewall"]["allowed_addresses"] == ["203.0.113.0/24"]
    assert cluster["node_pool"]["min_nodes"] == 1


def test_a_graph_without_keda_has_workers_that_nobody_can_scale(stacks: Stacks) -> None:
    graph, *others = manifests(stacks("dgd_without_keda")["llama"], "DynamoGraphDeployment")

    assert others == []
    assert graph["metadata"]["annotations"]["nvidia.com/enable-grove"] == "false"
    workers = [each for each in graph["spec"]["services"].values() if "subComponentType" in each]
    assert [each["replicas"] for each in workers] == [2, 3]
    assert not any(each.get("scalingAdapter", {}).get("enabled") for each in workers)


def test_a_plain_deployment_is_scaled_after_keda_is_there(stacks: Stacks) -> None:
    stack = stacks("keda_on_deployment")["shop"]
    [scaler] = manifests(stack, "ScaledObject")
    releases = stack["resource"]["helm_release"]
    [release] = [each for each in releases.values() if each["name"] == "api-scaler"]

    assert scaler["spec"]["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "api",
    }
    [keda] = [key for key, each in releases.items() if each["name"] == "keda"]
    assert f"helm_release.{keda}" in release["depends_on"]


def test_each_of_two_models_has_its_own_nodes(stacks: Stacks) -> None:
    written = stacks("two_model_pools")
    pools = written["infra"]["resource"]["digitalocean_kubernetes_node_pool"].values()
    selectors = {
        graph["metadata"]["name"]: {
            service["extraPodSpec"]["nodeSelector"]["doks.digitalocean.com/node-pool"]
            for service in graph["spec"]["services"].values()
            if service["componentType"] == "worker"
        }
        for graph in manifests(written["workload"], "DynamoGraphDeployment")
    }

    assert selectors == {"small": {"gpu"}, "large": {"large"}}
    assert {pool["name"] for pool in pools} == {"gpu", "large"}


def test_thirty_lines_bring_an_open_model_and_serve_it_on_one_gpu(stacks: Stacks) -> None:
    written = stacks("thirty_lines")
    workload = written["workload"]["resource"]
    [graph] = manifests(written["workload"], "DynamoGraphDeployment")
    [job] = workload["kubernetes_job_v1"].values()
    [share] = written["infra"]["resource"]["digitalocean_nfs"].values()
    [pool] = written["infra"]["resource"]["digitalocean_kubernetes_node_pool"].values()
    [worker] = [
        each for each in graph["spec"]["services"].values() if each["componentType"] == "worker"
    ]
    arguments = job["spec"]["template"]["spec"]["container"][0]["args"]

    assert set(written) == {"infra", "workload"}
    assert (share["size"], pool["node_count"], worker["replicas"]) == (200, 1, 1)
    # what is brought is what is served, and nobody has to have a token for it
    folder = arguments[arguments.index("--directory") + 1]
    assert folder in worker["extraPodSpec"]["mainContainer"]["args"]
    assert written["workload"].get("variable", {}) == {}
    assert "envFromSecret" not in worker


def test_thirty_lines_serve_only_what_has_arrived(stacks: Stacks) -> None:
    workload = stacks("thirty_lines")["workload"]["resource"]
    [job] = workload["kubernetes_job_v1"]
    [graph] = [each for each in workload["helm_release"].values() if each["name"] == "chat"]

    assert f"kubernetes_job_v1.{job}" in graph["depends_on"]


def test_thirty_lines_end_with_what_to_type(stacks: Stacks) -> None:
    shown = {
        name: each["value"] for name, each in stacks("thirty_lines")["workload"]["output"].items()
    }
    asked = shlex.split(shown["ask"])

    assert shown["wait"].startswith("kubectl -n dynamo-workload wait --for=condition=Ready ")
    assert shown["forward"] == "kubectl -n dynamo-workload port-forward svc/chat-frontend 8000"
    assert asked[:3] == ["curl", "-s", "http://localhost:8000/v1/chat/completions"]
    assert json.loads(asked[-1])["model"] == "Qwen/Qwen2.5-1.5B-Instruct"


def test_thirty_lines_are_thirty_lines() -> None:
    lines = (ROOT / "examples" / "thirty_lines.py").read_text().splitlines()
    code = [line for line in lines if line and not line.startswith(("from ", "import ", '"""'))]

    assert len(code) <= 30


def test_a_shared_pool_serves_two_engines_in_a_network_that_is_there(stacks: Stacks) -> None:
    written = stacks("shared_pool")
    infra, workload = written["infra"]["resource"], written["workload"]
    [cluster] = infra["digitalocean_kubernetes_cluster"].values()
    [pool] = infra["digitalocean_kubernetes_node_pool"].values()
    graphs = manifests(workload, "DynamoGraphDeployment")
    scalers = manifests(workload, "ScaledObject")

    assert "digitalocean_vpc" not in infra
    assert (cluster["region"], pool["size"]) == ("nyc2", "gpu-h100x8-640gb")
    assert {
        graph["metadata"]["namespace"]: graph["spec"]["backendFramework"] for graph in graphs
    } == {"chat": "vllm", "think": "sglang"}
    assert {graph["metadata"]["annotations"]["nvidia.com/enable-grove"] for graph in graphs} == {
        "false"
    }
    assert len(scalers) == 2
    for scaler in scalers:
        [trigger] = scaler["spec"]["triggers"]
        assert f'namespace="{scaler["metadata"]["namespace"]}"' in trigger["metadata"]["query"]
        assert "kvstats_active_blocks" in trigger["metadata"]["query"]


def test_a_shared_pool_takes_no_escape_hatch_and_under_sixty_lines() -> None:
    program = (ROOT / "examples" / "shared_pool.py").read_text()

    assert len(program.splitlines()) < 60
    assert re.findall(r"^(?:import|from) .*", program, re.MULTILINE) == [
        "import gtc_constructs as gtc"
    ]
    assert not re.search(r"override|terraform\.|ManifestRelease|values=|Any\b|ignore", program)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_wheel_alone_synthesises_every_example(tmp_path: Path) -> None:
    """In a fresh environment, outside the repository, with gtc-constructs and nothing else."""
    python = clean_environment(tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "written").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    ran = subprocess.run(
        [python, "-c", ALL_EXAMPLES, str(tmp_path / "written")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    for example in EXAMPLES:
        assert starting.read(tmp_path / "written", example).stacks, example.name


def clean_environment(folder: Path) -> Path:
    """A virtual environment with gtc-constructs; skips where nothing can be fetched."""
    run = partial(subprocess.run, check=True, capture_output=True, text=True, timeout=240)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    run([*build, "-w", str(folder), str(ROOT / "constructs")])
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    pins = ROOT / "requirements" / "dev.txt"
    try:
        run([uv, "pip", "install", "-q", "--python", python, "-c", pins, wheel])
    except subprocess.CalledProcessError as error:
        pytest.skip(f"packages cannot be fetched: {error.stderr.strip().splitlines()[-1]}")
    return python


def manifests(stack: Json, kind: str) -> list[Json]:
    """Objects of one kind that the releases of a stack ship."""
    documents = [
        json.loads(text)
        for release in stack["resource"]["helm_release"].values()
        for text in release["values"]
    ]
    shipped = [manifest for each in documents for manifest in each.get("manifests", [])]
    return [manifest for manifest in shipped if manifest["kind"] == kind]
