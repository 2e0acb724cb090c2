"""The serving graph says what the demo needs on Dynamo 0.8.1."""

import json
from pathlib import Path
from typing import Any

import pytest

from gtc_spec import environment, names
from gtc_spec.engines.engine_config import check
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import two_pools
from gtc_spec.manifests import dgd, metadata, serving_graph
from gtc_spec.pools import ROLES
from tests.environments import WITH_GPUS

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENTS = {name: environment.load(name) for name in environment.ENVIRONMENTS}
PROD = ENVIRONMENTS["prod"]
each_environment = pytest.mark.parametrize("env", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
each_with_gpus = pytest.mark.parametrize("env", [ENVIRONMENTS[name] for name in WITH_GPUS])
each_role = pytest.mark.parametrize("role", ROLES)


def engine_text(env: environment.Environment, role: str) -> str:
    return (ROOT / "engine_configs" / env.name / f"{role}.yaml").read_text()


def services(env: environment.Environment) -> dict[str, Any]:
    return dgd.dynamo_graph_deployment(env)["spec"]["services"]


def test_the_graph_has_the_names_of_the_plan() -> None:
    graph = dgd.dynamo_graph_deployment(PROD)
    assert graph["metadata"]["name"] == "gtc-demo"
    assert graph["metadata"]["namespace"] == "dynamo-workload"
    assert list(services(PROD)) == ["Frontend", "TrtllmPrefillWorker", "TrtllmDecodeWorker"]
    assert graph["metadata"]["annotations"]["nvidia.com/kai-scheduler-queue"] == "dynamo"


def test_prod_starts_two_prefill_and_three_decode_workers() -> None:
    assert [s["replicas"] for s in services(PROD).values()] == [1, 2, 3]


def test_dev_starts_one_worker_of_each() -> None:
    assert [s["replicas"] for s in services(ENVIRONMENTS["dev"]).values()] == [1, 1, 1]


@each_with_gpus
def test_frontend_reads_the_model_from_the_same_place_as_the_workers(
    env: environment.Environment,
) -> None:
    mounts = {json.dumps(service["volumeMounts"]) for service in services(env).values()}
    assert mounts == {'[{"name": "model-nfs-pvc", "mountPoint": "/models"}]'}
    assert dgd.dynamo_graph_deployment(env)["spec"]["pvcs"] == [
        {"name": "model-nfs-pvc", "create": False}
    ]


def test_frontend_routes_by_kv_cache_and_never_falls_back_to_aggregated_serving() -> None:
    frontend = services(PROD)["Frontend"]
    variables = {item["name"]: item["value"] for item in frontend["envs"]}
    assert variables["DYN_ROUTER_MODE"] == "kv"
    assert frontend["extraPodSpec"]["mainContainer"]["args"] == ["--enforce-disagg"]


def test_frontend_has_the_finer_buckets_under_both_spellings() -> None:
    variables = {item["name"]: item["value"] for item in services(PROD)["Frontend"]["envs"]}
    for prefix in ("DYN_METRICS", "DYN_HISTOGRAM_DYN_METRICS"):
        ttft = [variables[f"{prefix}_TTFT_{key}"] for key in ("MIN", "MAX", "COUNT")]
        itl = [variables[f"{prefix}_ITL_{key}"] for key in ("MIN", "MAX", "COUNT")]
        assert (ttft, itl) == (["0.05", "50", "61"], ["0.005", "0.5", "41"])


@each_with_gpus
@each_role
def test_worker_is_scalable_and_lands_on_a_gpu(env: environment.Environment, role: str) -> None:
    worker = services(env)[names.service(role)]
    assert worker["componentType"] == "worker"
    assert worker["subComponentType"] == role
    assert worker["scalingAdapter"] == {"enabled": True}
    assert worker["resources"]["limits"]["gpu"] == "1"
    assert worker["envFromSecret"] == "hf-token"
    assert worker["extraPodSpec"]["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    ]


@each_role
def test_worker_runs_the_plans_command_on_the_checkpoint_of_the_share(role: str) -> None:
    main = services(PROD)[names.service(role)]["extraPodSpec"]["mainContainer"]
    assert main["command"] == ["python3", "-m", "dynamo.trtllm"]
    assert main["args"] == [
        "--model-path", "/models/nvidia/Llama-3.1-70B-Instruct-FP8",
        "--served-model-name", "meta-llama/Llama-3.1-70B-Instruct",
        "--disaggregation-mode", role,
        "--extra-engine-args", f"/etc/engine/{role}.yaml",
        "--publish-events-and-metrics",
    ]  # fmt: skip


@each_role
def test_worker_mounts_the_config_map_of_its_own_engine_file(role: str) -> None:
    pod = services(PROD)[names.service(role)]["extraPodSpec"]
    config_map = serving_graph.engine_config_map(Serving.of(PROD), role, engine_text(PROD, role))
    assert pod["volumes"][0]["configMap"]["name"] == config_map["metadata"]["name"]
    [file] = config_map["data"]
    assert (
        f"{pod['mainContainer']['volumeMounts'][0]['mountPath']}/{file}"
        in (pod["mainContainer"]["args"])
    )
    check(file, config_map["data"][file], role, PROD.engine_facts)


@each_environment
@each_role
def test_leaving_worker_may_finish_the_longest_answer(
    env: environment.Environment, role: str
) -> None:
    pod = services(env)[names.service(role)]["extraPodSpec"]
    assert pod["terminationGracePeriodSeconds"] >= max(120, env.pools.of(role).drain_s)


def test_busy_worker_survives_a_missed_probe() -> None:
    for role in ROLES:
        assert services(PROD)[names.service(role)]["livenessProbe"]["failureThreshold"] >= 3


def test_worker_waits_for_the_download_marker() -> None:
    [wait] = services(PROD)["TrtllmDecodeWorker"]["extraPodSpec"]["initContainers"]
    marker = "/models/nvidia/Llama-3.1-70B-Instruct-FP8/.download-complete"
    assert marker in wait["command"][-1]


def test_changed_engine_file_rolls_the_workers_of_its_pool_only() -> None:
    graph = serving_graph.graph(Serving.of(PROD), two_pools(PROD), {"decode": "a: 1"})
    workers = graph["spec"]["services"]
    assert "extraPodMetadata" not in workers["TrtllmPrefillWorker"]
    [(key, value)] = workers["TrtllmDecodeWorker"]["extraPodMetadata"]["annotations"].items()
    assert key == "gtc-demo.digitalocean.com/engine-config-digest"
    assert len(value) == 12


def test_without_grove_only_the_annotation_changes() -> None:
    plain = PROD.model_copy(update={"grove": False})
    with_grove, without = (dgd.dynamo_graph_deployment(env) for env in (PROD, plain))
    without["metadata"]["annotations"] |= metadata.digest(PROD)
    assert without["metadata"]["annotations"].pop("nvidia.com/enable-grove") == "false"
    assert with_grove == without


def test_adapters_are_named_and_select_pods_as_the_operator_does() -> None:
    adapter = dgd.scaling_adapter("TrtllmPrefillWorker", 2)
    assert adapter["metadata"]["name"] == "gtc-demo-trtllmprefillworker"
    assert adapter["status"]["selector"] == (
        "nvidia.com/dynamo-graph-deployment-name=gtc-demo,"
        "nvidia.com/dynamo-component=TrtllmPrefillWorker"
    )
