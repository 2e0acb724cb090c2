"""Running a Job: it replaces, follows and explains, on the API of the rehearsal."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.resources import EVENT, JOB, POD
from gtc_runtime.cluster import jobs
from gtc_runtime.cluster.api.kube import Kube
from gtc_spec.environment import load
from gtc_spec.errors import GtcError
from gtc_spec.manifests.jobs import UPLOAD_JOB, upload_job
from tests.contract.cluster.conftest import NAMESPACE, Cluster

MANIFEST = upload_job(load("dev"), "registry.example/gtc-demo:1")
TIMES = jobs.Times(poll_interval_s=0.03, gone_s=1.0, stuck_s=0.1)
RUNNING = {"phase": "Running"}
FORETOLD = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}
"""Conditions without which the API refuses the end of a Job."""


class Kubelet:
    """The job controller's and the kubelet's part, played by hand."""

    def __init__(self, cluster: Cluster) -> None:
        self.store, self.logs = cluster.store, cluster.server.logs

    async def job(self) -> dict[str, Any]:
        for _ in range(100):
            try:
                return self.store.get(JOB, UPLOAD_JOB, NAMESPACE)
            except ApiError:
                await asyncio.sleep(0.02)
        raise AssertionError("nobody made the job")

    def pod(self, name: str, status: dict[str, Any]) -> None:
        metadata = {"name": name, "namespace": NAMESPACE, "labels": {"job-name": UPLOAD_JOB}}
        spec = {"containers": [{"name": "upload", "image": "x"}]}
        self.store.create(POD, {"metadata": metadata, "spec": spec})
        self.status(name, status)

    def status(self, name: str, status: dict[str, Any]) -> None:
        self.store.patch(POD, name, NAMESPACE, {"status": status}, "status")

    def waits(self, name: str, reason: str, message: str) -> None:
        state = {"waiting": {"reason": reason, "message": message}}
        status = {"name": "upload", "state": state}
        self.pod(name, {"phase": "Pending", "containerStatuses": [status]})

    def says(self, name: str, *lines: str) -> None:
        for line in lines:
            self.logs.add(NAMESPACE, name, line)

    def ends(self, name: str, condition: str, message: str = "") -> None:
        self.logs.end(NAMESPACE, name)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        times = {"startTime": now} | ({"completionTime": now} if condition == "Complete" else {})
        conditions = [
            {"type": each, "status": "True", "message": message, "lastTransitionTime": now}
            for each in (FORETOLD[condition], condition)
        ]
        status = {"status": {**times, "conditions": conditions}}
        self.store.patch(JOB, UPLOAD_JOB, NAMESPACE, status, "status")

    def leave(self, condition: str | None) -> str:
        """A Job of an earlier run; returns its uid."""
        made = self.store.create(JOB, {**MANIFEST})
        if condition:
            self.ends("old", condition)
        return str(made["metadata"]["uid"])


@pytest.fixture
def kubelet(cluster: Cluster) -> Kubelet:
    return Kubelet(cluster)


async def run(kube: Kube, told: list[str], deadline_s: float = 5.0) -> None:
    await jobs.run(kube, MANIFEST, deadline_s, told.append, TIMES)


async def test_a_job_is_made_followed_line_by_line_and_done(kube: Kube, kubelet: Kubelet) -> None:
    told: list[str] = []
    running = asyncio.create_task(run(kube, told))
    await kubelet.job()
    kubelet.pod("up-1", RUNNING)
    kubelet.says("up-1", "12 files, 16.06 GB", "to the bucket 3.10 of 16.06 GB")
    await asyncio.sleep(0.2)
    kubelet.says("up-1", "s3://b/ is complete")
    kubelet.ends("up-1", "Complete")
    await running
    assert told == [
        "12 files, 16.06 GB",
        "to the bucket 3.10 of 16.06 GB",
        "s3://b/ is complete",
    ]


async def test_a_finished_job_of_the_same_name_is_replaced(kube: Kube, kubelet: Kubelet) -> None:
    old = kubelet.leave("Failed")
    running = asyncio.create_task(run(kube, []))
    while (await kubelet.job())["metadata"]["uid"] == old:
        await asyncio.sleep(0.02)
    kubelet.ends("up-1", "Complete")
    await running


async def test_a_job_that_still_runs_is_followed_and_not_replaced(
    kube: Kube, kubelet: Kubelet
) -> None:
    told: list[str] = []
    old = kubelet.leave(None)
    running = asyncio.create_task(run(kube, told))
    await asyncio.sleep(0.1)
    kubelet.ends("up-1", "Complete")
    await running
    assert (await kubelet.job())["metadata"]["uid"] == old
    assert told == [f"{UPLOAD_JOB} runs already; following it"]


async def test_a_failure_is_told_in_the_words_of_the_job(kube: Kube, kubelet: Kubelet) -> None:
    running = asyncio.create_task(run(kube, []))
    await kubelet.job()
    kubelet.pod("up-1", RUNNING)
    kubelet.says("up-1", "error: a/b is gated and HF_TOKEN is empty", "hint: set HF_TOKEN")
    await asyncio.sleep(0.1)
    kubelet.status("up-1", {"phase": "Failed"})
    kubelet.ends("up-1", "Failed", "Job has reached the specified backoff limit")
    with pytest.raises(GtcError) as refused:
        await running
    assert refused.value.message == f"{UPLOAD_JOB} failed: a/b is gated and HF_TOKEN is empty"
    assert refused.value.hint == "set HF_TOKEN"


async def test_a_second_pod_is_followed_when_the_first_one_fails(
    kube: Kube, kubelet: Kubelet
) -> None:
    told: list[str] = []
    running = asyncio.create_task(run(kube, told))
    await kubelet.job()
    kubelet.pod("up-1", RUNNING)
    kubelet.says("up-1", "first")
    await asyncio.sleep(1.1)  # creation times are whole seconds
    kubelet.status("up-1", {"phase": "Failed"})
    kubelet.logs.end(NAMESPACE, "up-1")
    kubelet.pod("up-2", RUNNING)
    kubelet.says("up-2", "second")
    await asyncio.sleep(0.2)
    kubelet.ends("up-2", "Complete")
    await running
    assert told == ["first", "up-1 failed; up-2 tries again", "second"]


@pytest.mark.parametrize(
    ("reason", "message", "hint"),
    [
        ("ImagePullBackOff", 'Back-off pulling image "x"', "gtc image push"),
        ("CreateContainerConfigError", 'secret "hf-token" not found', "gtc cluster config"),
    ],
)
async def test_a_pod_that_cannot_start_ends_the_wait_with_the_reason(
    kube: Kube, kubelet: Kubelet, reason: str, message: str, hint: str
) -> None:
    told: list[str] = []
    running = asyncio.create_task(run(kube, told))
    await kubelet.job()
    kubelet.waits("up-1", reason, message)
    with pytest.raises(GtcError) as refused:
        await running
    assert refused.value.message == f"the pod of {UPLOAD_JOB} cannot start: {reason}: {message}"
    assert hint in refused.value.hint
    assert told == [f"up-1 waits: {reason}: {message}"]


async def test_a_volume_that_cannot_be_mounted_is_told_from_its_event(
    kube: Kube, kubelet: Kubelet
) -> None:
    told: list[str] = []
    running = asyncio.create_task(run(kube, told))
    await kubelet.job()
    kubelet.waits("up-1", "ContainerCreating", "")
    event = {
        "metadata": {"name": "e1", "namespace": NAMESPACE},
        "involvedObject": {"kind": "Pod", "name": "up-1", "namespace": NAMESPACE},
        "type": "Warning",
        "reason": "FailedMount",
        "message": "mount.nfs: access denied by server",
    }
    kubelet.store.create(EVENT, event)
    await asyncio.sleep(0.2)
    kubelet.status("up-1", RUNNING)
    kubelet.ends("up-1", "Complete")
    await running
    assert "up-1 waits: FailedMount: mount.nfs: access denied by server" in told


async def test_the_deadline_names_what_it_still_waited_for(kube: Kube, kubelet: Kubelet) -> None:
    running = asyncio.create_task(run(kube, [], deadline_s=0.4))
    await kubelet.job()
    scheduled = {"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}
    kubelet.pod("up-1", {"phase": "Pending", "conditions": [scheduled]})
    with pytest.raises(GtcError, match="was not done after 0 s: up-1 waits: 0/2 nodes"):
        await running


async def test_a_log_that_breaks_off_is_read_on_without_a_line_twice(
    cluster: Cluster, kube: Kube, kubelet: Kubelet
) -> None:
    told: list[str] = []
    running = asyncio.create_task(run(kube, told))
    await kubelet.job()
    kubelet.pod("up-1", RUNNING)
    kubelet.says("up-1", "one", "two")
    await asyncio.sleep(0.2)
    assert cluster.server.logs.cut() == 1
    await asyncio.sleep(0.2)
    kubelet.says("up-1", "three")
    kubelet.ends("up-1", "Complete")
    await running
    assert told == ["one", "two", "three"]
