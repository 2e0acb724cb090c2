"""A serving graph for any model: one pool or two, with or without a way to scale it."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from gtc_spec import names, versions
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.engine_facts import EngineFacts
from gtc_spec.engines.trtllm import Trtllm
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import WorkerPools, Workers
from gtc_spec.manifests.serving_graph import graph
from gtc_spec.pools import ScaleRule
from gtc_spec.telemetry.promql import Scope, scaler_query

PREFILL, DECODE = "TrtllmPrefillWorker", "TrtllmDecodeWorker"
POOLS: WorkerPools = {
    "prefill": Workers(replicas=1, drain_s=10),
    "decode": Workers(replicas=2, drain_s=100),
}
SERVING = Serving(
    name="llm",
    namespace="serving",
    model=ModelRef(repository="a/b"),
    backend=Trtllm(),
    gpu_pool=NodePool.h100(count=3),
)


def services(serving: Serving = SERVING, pools: WorkerPools = POOLS) -> dict[str, Any]:
    found: dict[str, Any] = graph(serving, pools)["spec"]["services"]
    return found


def arguments(serving: Serving, service: str, pools: WorkerPools = POOLS) -> list[str]:
    found: list[str] = services(serving, pools)[service]["extraPodSpec"]["mainContainer"]["args"]
    return found


def test_names_follow_the_graph() -> None:
    volume = services()[PREFILL]["extraPodSpec"]["volumes"][0]
    assert volume["configMap"]["name"] == "llm-engine-prefill"


def test_a_worker_has_twice_its_drain_time_and_never_less_than_two_minutes() -> None:
    graces = [
        services()[service]["extraPodSpec"]["terminationGracePeriodSeconds"]
        for service in (PREFILL, DECODE)
    ]
    assert graces == [120, 200]


def test_transport_is_laid_over_the_engine_file_of_both_pools() -> None:
    serving = replace(SERVING, backend=Trtllm(kv_transport="ucx"))
    for service in (PREFILL, DECODE):
        given = arguments(serving, service)
        override = json.loads(given[given.index("--override-engine-args") + 1])
        assert override == {"cache_transceiver_config": {"backend": "UCX"}}
    assert "--override-engine-args" not in arguments(SERVING, PREFILL)


def test_an_aggregated_graph_has_one_pool_that_does_both() -> None:
    pools: WorkerPools = {"aggregated": Workers(replicas=5)}
    serving = replace(SERVING, backend=Trtllm(kv_transport="ucx"))
    found = services(serving, pools)
    assert list(found) == ["Frontend", "TrtllmWorker"]
    assert "subComponentType" not in found["TrtllmWorker"]
    given = arguments(serving, "TrtllmWorker", pools)
    assert not {"--disaggregation-mode", "--override-engine-args"} & set(given)
    # it would refuse every request: there is no prefill pool to enforce
    assert "args" not in found["Frontend"]["extraPodSpec"]["mainContainer"]


def test_a_pool_without_an_adapter_says_nothing_of_one() -> None:
    found = services(pools={**POOLS, "prefill": Workers(scaling_adapter=False)})
    assert "scalingAdapter" not in found[PREFILL]
    assert found[DECODE]["scalingAdapter"] == {"enabled": True}


def test_workers_of_two_gpus_ask_for_two() -> None:
    facts = EngineFacts(prompt_tokens_max=1, answer_tokens_max=1, gpus_per_worker=2)
    found = services(replace(SERVING, engine_facts=facts))
    assert [found[each]["resources"]["limits"]["gpu"] for each in (PREFILL, DECODE)] == ["2", "2"]


def test_a_scaler_of_one_of_two_models_asks_for_its_own_series() -> None:
    rule = ScaleRule(trigger="ttft_p95_ms", threshold=500, min=1, max=2)
    query = scaler_query(rule, Scope("serving", "Org/Model"))
    assert 'namespace="serving",model="org/model"' in query
    assert 'namespace="dynamo-workload"' not in query


def test_a_worker_waits_in_a_thin_image_as_the_user_that_reads_the_share() -> None:
    [wait] = services()[DECODE]["extraPodSpec"]["initContainers"]

    assert wait["image"] == versions.WAIT_IMAGE
    assert wait["securityContext"]["runAsUser"] == 1000


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The init container of a worker, run here with short sleeps; and the folder of its model."""
    model = ModelRef(repository="owner/name", mount=PurePosixPath(tmp_path))
    worker = services(replace(SERVING, model=model))[DECODE]
    [wait] = worker["extraPodSpec"]["initContainers"]
    sleep = tmp_path / "sleep"
    sleep.write_text("#!/bin/sh\necho waits\nexec /bin/sleep 0.01\n")
    sleep.chmod(0o755)
    folder = Path(model.path)
    folder.mkdir(parents=True)
    with subprocess.Popen(
        wait["command"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, stdout=subprocess.PIPE
    ) as process:
        yield process, folder
        process.kill()


def test_a_worker_waits_until_the_marker_is_there(
    waiting: tuple[subprocess.Popen[bytes], Path],
) -> None:
    process, folder = waiting

    assert process.stdout is not None
    assert process.stdout.readline() == b"waits\n"
    (folder / names.DOWNLOAD_MARKER).touch()

    assert process.wait(10) == 0


def test_a_worker_that_waits_can_be_ended(waiting: tuple[subprocess.Popen[bytes], Path]) -> None:
    process, _ = waiting
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()

    assert process.wait(10) == 143
