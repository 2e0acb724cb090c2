"""The operator's part: deployments become pods and processes, within the GPU budget."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gtc_rehearsal.child import Child
from gtc_rehearsal.dynamo.dynamo_settings import WorkerRole
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.resources import DGD, DGDSA, EVENT, NODE, POD
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.operator.operator import Operator
from gtc_rehearsal.operator.pods import is_ready, is_terminating
from gtc_spec import environment, names
from gtc_spec.cloud.nodes import GpuNodes
from gtc_spec.errors import GtcError
from gtc_spec.manifests.dgd import dynamo_graph_deployment

NS = names.NAMESPACE_WORKLOAD
PREFILL, DECODE = names.service("prefill"), names.service("decode")


class SleepWorkers:
    """Runs `sleep` for each pod: real processes that can be killed, without Dynamo."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.running: dict[str, Child] = {}
        self.roles: dict[str, WorkerRole] = {}
        self.drained: list[str] = []
        self.drain = asyncio.Event()
        self.drain.set()
        self.broken = 0

    async def start(self, router_mode: str = "kv") -> str:
        if "frontend" not in self.running or not self.running["frontend"].alive:
            self.running["frontend"] = await self._sleep("frontend")
        return "http://127.0.0.1:1"

    async def frontend_ended(self) -> None:
        await self.running["frontend"].ended()

    async def start_worker(self, name: str, role: WorkerRole, delay_s: float = 0.0) -> Child:
        if self.broken:
            self.broken -= 1
            raise GtcError(f"{name} ended with code 1 while starting")
        child = self.running[name] = await self._sleep(name)
        self.roles[name] = role
        await asyncio.sleep(delay_s)
        return child

    async def stop_worker(self, name: str, drain_s: float) -> None:
        if name in self.running:
            if drain_s:
                await self.drain.wait()
                self.drained.append(name)
            await self.running.pop(name).kill()

    async def _sleep(self, name: str) -> Child:
        return await Child.start(
            name, ["sleep", "60"], env={"PATH": os.environ["PATH"]}, cwd=Path.cwd(), log=self.log
        )


class Cluster:
    """A store, an operator at work and its processes."""

    def __init__(self, store: Store, workers: SleepWorkers, operator: Operator) -> None:
        self.store, self.workers, self.operator = store, workers, operator

    def pods(self, service: str) -> list[dict[str, Any]]:
        return self.store.list(POD, NS, names.pod_labels(service))

    def ready(self, service: str) -> int:
        return sum(is_ready(pod) and not is_terminating(pod) for pod in self.pods(service))

    def scale(self, service: str, replicas: int) -> None:
        patch = {"spec": {"replicas": replicas}}
        self.store.patch(DGDSA, names.dgdsa(names.DEMO, service), NS, patch, "scale")

    def graph(self) -> dict[str, Any]:
        return self.store.get(DGD, names.DEMO, NS)

    async def until(self, holds: Callable[[], bool], within_s: float = 4.0) -> None:
        async with asyncio.timeout(within_s):
            while not holds():
                await self.store.changed(self.store.revision, 0.05)


@asynccontextmanager
async def cluster(
    tmp_path: Path, env_name: str = "prod", start_s: float = 0.2, change: Any = None
) -> AsyncIterator[Cluster]:
    env = environment.load(env_name).model_copy(update={"worker_start_s": start_s})
    store, workers = Store(), SleepWorkers(tmp_path / "log")
    manifest = dynamo_graph_deployment(env)
    if change:
        change(manifest)
    store.create(DGD, manifest)
    operator = Operator(store, workers, env)
    task = asyncio.create_task(operator.run())
    try:
        await operator.settled()
        yield Cluster(store, workers, operator)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for child in workers.running.values():
            await child.kill()
    assert task.cancelled(), task


async def test_the_workers_of_the_first_deployment_are_ready_at_once(tmp_path: Path) -> None:
    async with asyncio.timeout(4), cluster(tmp_path, start_s=600) as c:
        assert (c.ready(PREFILL), c.ready(DECODE), c.ready(names.FRONTEND)) == (2, 3, 1)


async def test_pods_carry_names_and_labels_of_the_real_operator(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        pod = c.pods(PREFILL)[0]

    assert pod["metadata"]["name"].startswith("gtc-demo-0-trtllmprefillworker-")
    labels = pod["metadata"]["labels"]
    assert labels.pop("grove.io/pod-template-hash")
    assert labels == {
        "nvidia.com/dynamo-graph-deployment-name": "gtc-demo",
        "nvidia.com/dynamo-component": "TrtllmPrefillWorker",
        "nvidia.com/dynamo-namespace": "dynamo-workload-gtc-demo",
        "nvidia.com/dynamo-component-type": "worker",
        "nvidia.com/dynamo-sub-component-type": "prefill",
        "nvidia.com/metrics-enabled": "true",
        "nvidia.com/selector": "gtc-demo-trtllmprefillworker",
        "app.kubernetes.io/component": "pcs-podclique",
        "app.kubernetes.io/managed-by": "grove-operator",
        "app.kubernetes.io/name": "gtc-demo-0-trtllmprefillworker",
        "app.kubernetes.io/part-of": "gtc-demo",
        "grove.io/podclique": "gtc-demo-0-trtllmprefillworker",
        "grove.io/podcliqueset-replica-index": "0",
        "grove.io/podgang": "gtc-demo-0",
        "kai.scheduler/queue": "dynamo",
    }


async def test_each_service_with_an_adapter_gets_one_that_shows_its_selector(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as c:
        adapters = {each["metadata"]["name"]: each for each in c.store.list(DGDSA, NS)}

    assert set(adapters) == {names.pool_dgdsa("prefill"), names.pool_dgdsa("decode")}
    adapter = adapters[names.pool_dgdsa("decode")]
    assert adapter["status"]["replicas"] == adapter["spec"]["replicas"] == 3
    assert adapter["status"]["selector"] == (
        "nvidia.com/dynamo-graph-deployment-name=gtc-demo,"
        "nvidia.com/dynamo-component=TrtllmDecodeWorker"
    )
    assert adapter["metadata"]["ownerReferences"][0]["name"] == names.DEMO


async def test_scaling_an_adapter_scales_the_deployment_and_says_so(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        c.scale(DECODE, 5)
        await c.until(lambda: c.ready(DECODE) == 5)

        assert c.graph()["spec"]["services"][DECODE]["replicas"] == 5
        assert [event["message"] for event in c.store.list(EVENT, NS)] == [
            "Scaled service TrtllmDecodeWorker from 3 to 5 replicas"
        ]


async def test_an_added_worker_is_running_but_not_ready_while_it_loads(tmp_path: Path) -> None:
    async with cluster(tmp_path, start_s=0.6) as c:
        c.scale(DECODE, 4)
        await c.until(lambda: len(c.pods(DECODE)) == 4)
        await asyncio.sleep(0.2)
        new = next(pod for pod in c.pods(DECODE) if not is_ready(pod))

        assert new["status"]["phase"] == "Running"
        assert c.graph()["status"]["state"] == "pending"
        assert c.graph()["status"]["services"][DECODE]["readyReplicas"] == 3
        await c.until(lambda: c.graph()["status"]["state"] == "successful")
        assert c.ready(DECODE) == 4


async def test_pods_beyond_the_gpus_stay_pending_and_say_why(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        c.scale(PREFILL, 4)
        c.scale(DECODE, 5)  # 9 workers, 8 GPUs
        await c.until(lambda: c.ready(PREFILL) + c.ready(DECODE) == 8)
        waiting = [
            pod for pod in c.pods(PREFILL) + c.pods(DECODE) if pod["status"]["phase"] == "Pending"
        ]

        assert len(waiting) == 1
        [reason] = waiting[0]["status"]["conditions"]
        assert (reason["type"], reason["status"]) == ("PodScheduled", "False")
        assert reason["reason"] == "Unschedulable"
        assert "Insufficient nvidia.com/gpu" in reason["message"]


async def test_a_draining_pod_keeps_its_gpu_until_it_is_gone(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        c.workers.drain.clear()
        c.scale(DECODE, 2)
        c.scale(PREFILL, 6)  # 2 + 6 fit only once the third decode worker is gone
        await c.until(lambda: c.ready(PREFILL) == 5)
        await asyncio.sleep(0.3)
        assert c.ready(PREFILL) == 5
        assert sum(is_terminating(pod) for pod in c.pods(DECODE)) == 1

        c.workers.drain.set()
        await c.until(lambda: c.ready(PREFILL) == 6)
        assert len(c.pods(DECODE)) == 2
        assert len(c.workers.drained) == 1


async def test_while_a_pod_drains_a_further_one_goes_only_after_it(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        c.workers.drain.clear()
        c.scale(DECODE, 2)
        await c.until(lambda: c.ready(DECODE) == 2)
        c.scale(DECODE, 1)
        await asyncio.sleep(0.3)
        assert (c.ready(DECODE), len(c.pods(DECODE))) == (2, 3)

        c.workers.drain.set()
        await c.until(lambda: len(c.pods(DECODE)) == 1)
        assert len(c.workers.drained) == 2


async def test_two_at_once_drain_at_once(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        c.workers.drain.clear()
        c.scale(DECODE, 1)

        await c.until(lambda: sum(is_terminating(pod) for pod in c.pods(DECODE)) == 2)
        c.workers.drain.set()


async def test_a_pool_that_grows_again_does_not_wait_for_the_pod_that_drains(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as c:
        c.workers.drain.clear()
        c.scale(DECODE, 2)
        await c.until(lambda: c.ready(DECODE) == 2)
        c.scale(DECODE, 3)

        await c.until(lambda: c.ready(DECODE) == 3)
        assert len(c.pods(DECODE)) == 4
        c.workers.drain.set()


async def test_a_smaller_pool_gives_up_loading_workers_first(tmp_path: Path) -> None:
    async with cluster(tmp_path, start_s=600) as c:
        old = {pod["metadata"]["name"] for pod in c.pods(DECODE)}
        c.scale(DECODE, 5)
        await c.until(lambda: len(c.workers.running) == 8)
        c.scale(DECODE, 3)
        await c.until(lambda: len(c.pods(DECODE)) == 3)

        assert {pod["metadata"]["name"] for pod in c.pods(DECODE)} == old
        assert c.ready(DECODE) == 3


async def test_a_worker_whose_process_dies_is_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtc_rehearsal.operator.pod_runner.RESTART_S", 0.2)
    async with cluster(tmp_path) as c:
        name = c.pods(PREFILL)[0]["metadata"]["name"]
        os.kill(c.workers.running[name].pid, signal.SIGKILL)
        await c.until(lambda: c.ready(PREFILL) == 1)
        await c.until(lambda: c.ready(PREFILL) == 2)

        [container] = c.store.get(POD, name, NS)["status"]["containerStatuses"]
        assert container["restartCount"] == 1
        assert "running" in container["state"]


async def test_a_worker_that_does_not_come_up_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtc_rehearsal.operator.pod_runner.RESTART_S", 0.1)
    async with cluster(tmp_path) as c:
        c.workers.broken = 2
        c.scale(DECODE, 4)
        await c.until(lambda: c.ready(DECODE) == 4)

        restarts = [p["status"]["containerStatuses"][0]["restartCount"] for p in c.pods(DECODE)]
        assert sorted(restarts) == [0, 0, 0, 2]


async def test_the_frontend_comes_back_after_it_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtc_rehearsal.operator.pod_runner.RESTART_S", 0.1)
    async with cluster(tmp_path) as c:
        os.kill(c.workers.running["frontend"].pid, signal.SIGKILL)
        await c.until(lambda: c.ready(names.FRONTEND) == 0)
        await c.until(lambda: c.ready(names.FRONTEND) == 1)


async def test_a_deleted_pod_drains_and_is_replaced(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        victim = c.pods(DECODE)[0]["metadata"]["name"]
        c.store.delete(POD, victim, NS)
        await c.until(lambda: victim not in {p["metadata"]["name"] for p in c.pods(DECODE)})
        await c.until(lambda: c.ready(DECODE) == 3)

        assert c.workers.drained == [victim]


async def test_deleting_the_deployment_takes_everything_with_it(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        c.store.delete(DGD, names.DEMO, NS)
        await c.until(lambda: not c.store.list(POD, NS))

        assert c.store.list(DGDSA, NS) == []
        assert set(c.workers.running) == {"frontend"}


async def test_an_aggregated_service_is_accepted(tmp_path: Path) -> None:
    def aggregated(manifest: dict[str, Any]) -> None:
        services = manifest["spec"]["services"]
        del services[PREFILL]
        services["TrtllmWorker"] = services.pop(DECODE)
        del services["TrtllmWorker"]["subComponentType"]

    async with cluster(tmp_path, change=aggregated) as c:
        assert c.ready("TrtllmWorker") == 3
        assert set(c.workers.roles.values()) == {"aggregated"}


async def test_a_cluster_in_order_is_left_alone(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        before = c.store.revision
        c.operator.reconcile()
        await asyncio.sleep(0.6)

        assert c.store.revision == before


async def test_replicas_of_the_deployment_cannot_be_edited_past_the_adapter(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as c:
        patch = {"spec": {"services": {DECODE: {"replicas": 4}}}}
        with pytest.raises(ApiError, match="when scaling adapter is enabled"):
            c.store.patch(DGD, names.DEMO, NS, patch)

        assert len(c.pods(DECODE)) == 3


async def test_removing_the_adapter_switch_removes_the_adapter(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        patch = {"spec": {"services": {DECODE: {"scalingAdapter": {"enabled": False}}}}}
        c.store.patch(DGD, names.DEMO, NS, patch)
        await c.until(lambda: len(c.store.list(DGDSA, NS)) == 1)

        assert c.ready(DECODE) == 3


async def test_nodes_show_the_gpus_of_the_environment(tmp_path: Path) -> None:
    async with cluster(tmp_path, "dev") as c:
        gpus = [
            int(node["status"]["allocatable"].get("nvidia.com/gpu", 0))
            for node in c.store.list(NODE)
        ]
        placed = {pod["spec"]["nodeName"] for pod in c.pods(PREFILL) + c.pods(DECODE)}

    assert sorted(gpus) == [0, 1, 1, 1]
    assert len(placed) == 2  # one GPU a node


async def test_without_gpus_workers_take_slots_of_nodes_of_their_own_and_the_rest_wait(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path, "cpu") as c:
        c.scale(PREFILL, 8)
        await c.until(lambda: len(c.pods(PREFILL)) == 8 and c.ready(PREFILL) == 5)
        workers = c.pods(PREFILL) + c.pods(DECODE)
        nodes = Counter(pod["spec"].get("nodeName") for pod in workers)
        waiting = [pod for pod in workers if not pod["spec"].get("nodeName")]

    assert nodes == {"rehearsal-cpu-0": 4, "rehearsal-cpu-1": 4, None: 3}
    assert all("Insufficient cpu" in str(pod["status"]["conditions"]) for pod in waiting)


async def test_a_cluster_that_never_comes_up_is_said_in_one_line(tmp_path: Path) -> None:
    workers = SleepWorkers(tmp_path / "log")
    operator = Operator(Store(), workers, environment.load("prod"), settle_s=0.1)

    with pytest.raises(GtcError, match=r"pods not ready within 0\.1 s: none created"):
        await operator.settled()


async def test_the_machines_own_gpus_take_the_place_of_the_environments_nodes(
    tmp_path: Path,
) -> None:
    dev = environment.load("dev")
    node = GpuNodes.model_validate(dev.nodes.model_dump() | {"count": 1, "slots_per_node": 2})
    store, workers = Store(), SleepWorkers(tmp_path / "log")
    operator = Operator(store, workers, dev, nodes=node)
    running = asyncio.create_task(operator.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    gpus = [
        (each["status"].get("allocatable") or {}).get("nvidia.com/gpu") for each in store.list(NODE)
    ]
    assert sorted(filter(None, gpus)) == ["2"]
