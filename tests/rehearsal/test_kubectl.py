"""kubectl against a running rehearsal, as in the runbook."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Rehearsal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PREFILL = "gtc-demo-trtllmprefillworker"
DECODE = "gtc-demo-trtllmdecodeworker"


@pytest.mark.parametrize("kind", ["dgdsa", "scaledobjects", "pods", "dgd", "hpa", "lease"])
def test_get_shows_the_objects_of_the_demo(rehearsal: Rehearsal, kind: str) -> None:
    shown = rehearsal.kubectl("get", kind)
    assert shown.returncode == 0, shown.stderr
    assert "gtc-demo" in shown.stdout


@pytest.mark.parametrize("process", ["panel", "guardian"])
def test_each_process_of_ours_has_the_rights_of_its_own_account_alone(
    rehearsal: Rehearsal, process: str
) -> None:
    file = rehearsal.notes["accounts"][process]
    environ = Path(f"/proc/{rehearsal.notes['pids'][process]}/environ").read_bytes().decode()

    refused = rehearsal.kubectl("--kubeconfig", file, "get", "secrets")
    leases = rehearsal.kubectl("--kubeconfig", file, "get", "lease", "gtc-demo-conductor")

    assert f"KUBECONFIG={file}" in environ.split("\0")
    assert Path(file).stat().st_mode & 0o777 == 0o600
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        'Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:'
        f'gtc-demo-panel:gtc-demo-{process}" cannot list resource "secrets" in API group "" in the'
        ' namespace "dynamo-workload"'
    )
    assert leases.returncode == 0, leases.stderr


def test_gtc_wait_finds_every_worker_ready(rehearsal: Rehearsal) -> None:
    waited = subprocess.run(
        [sys.executable, "-m", "gtc_cli", "wait", "workers", "--deadline", "30",
         "--state-dir", str(rehearsal.state_dir)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert waited.returncode == 0, waited.stderr
    assert "frontend: 1 of 1 ready" in waited.stdout


@pytest.fixture
def keda_aside(rehearsal: Rehearsal) -> Iterator[None]:
    """KEDA paused by hand: at rest it would scale an idle pool back to its minimum.

    Its HPAs go and come back a moment after the annotation, and act until then.
    """
    rehearsal.kubectl("annotate", "so", "--all", "autoscaling.keda.sh/paused=true")
    wait_for_hpas(rehearsal, 0)
    yield
    rehearsal.kubectl("annotate", "so", "--all", "autoscaling.keda.sh/paused-")
    wait_for_hpas(rehearsal, 2)


def wait_for_hpas(rehearsal: Rehearsal, wanted: int) -> None:
    give_up = time.monotonic() + 20
    while len(rehearsal.kubectl("get", "hpa", "-o", "name").stdout.split()) != wanted:
        assert time.monotonic() < give_up, f"not {wanted} hpas within 20 s"
        time.sleep(0.2)


@pytest.mark.usefixtures("keda_aside")
def test_scaling_a_pool_starts_a_worker_that_becomes_ready(rehearsal: Rehearsal) -> None:
    scaled = rehearsal.kubectl("scale", "dgdsa", PREFILL, "--replicas=3")
    assert scaled.returncode == 0, scaled.stderr
    waited = rehearsal.kubectl(
        "wait", "dgd/gtc-demo", "--timeout=50s",
        "--for=jsonpath={.status.services.TrtllmPrefillWorker.readyReplicas}=3",
    )  # fmt: skip
    assert waited.returncode == 0, waited.stderr
    rehearsal.wait_for(lambda view: view["pools"][0]["ready"] == 3, 10)


@pytest.mark.usefixtures("keda_aside")
def test_scaling_back_removes_the_worker(rehearsal: Rehearsal) -> None:
    assert rehearsal.kubectl("scale", "dgdsa", PREFILL, "--replicas=2").returncode == 0
    rehearsal.wait_for(
        lambda view: (view["pools"][0]["ready"], view["pools"][0]["draining"]) == (2, 0), 40
    )


def test_watching_sees_a_change(rehearsal: Rehearsal) -> None:
    watching = subprocess.Popen(
        ["kubectl", "--kubeconfig", rehearsal.notes["kubeconfig"], "get", "dgdsa", PREFILL, "-w",
         "-o", "jsonpath={.metadata.annotations.note}{'\\n'}"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        time.sleep(2)
        assert rehearsal.kubectl("annotate", "dgdsa", PREFILL, "note=seen").returncode == 0
        time.sleep(2)
    finally:
        watching.terminate()
    out, _ = watching.communicate(timeout=10)
    assert "seen" in out
    assert rehearsal.kubectl("annotate", "dgdsa", PREFILL, "note-").returncode == 0


def test_applying_an_object_twice_leaves_it_unchanged(rehearsal: Rehearsal) -> None:
    manifest = json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note"}, "data": {"a": "b"}}
    )
    path = rehearsal.state_dir / "note.json"
    path.write_text(manifest)
    assert "created" in rehearsal.kubectl("apply", "-f", str(path)).stdout
    assert "unchanged" in rehearsal.kubectl("apply", "-f", str(path)).stdout


def test_editing_replicas_of_the_dgd_is_denied_in_the_operators_words(rehearsal: Rehearsal) -> None:
    patch = '{"spec":{"services":{"TrtllmPrefillWorker":{"replicas":4}}}}'
    edited = rehearsal.kubectl("patch", "dgd", "gtc-demo", "--type=merge", "-p", patch)
    assert edited.returncode != 0
    assert (
        "spec.services[TrtllmPrefillWorker].replicas cannot be modified directly when scaling "
        "adapter is enabled; scale or update the related DynamoGraphDeploymentScalingAdapter "
        "instead"
    ) in edited.stderr


@pytest.mark.usefixtures("keda_aside")
def test_workers_beyond_the_gpus_stay_pending_with_a_reason(rehearsal: Rehearsal) -> None:
    try:
        assert rehearsal.kubectl("scale", "dgdsa", DECODE, "--replicas=3").returncode == 0
        assert rehearsal.kubectl("scale", "dgdsa", PREFILL, "--replicas=6").returncode == 0
        view = rehearsal.wait_for(lambda view: view["pools"][0]["pending"] == 1
                                  and view["pools"][0]["ready"] == 5, 60)  # fmt: skip
        assert "gpu" in view["pools"][0]["reason"].lower()
    finally:
        rehearsal.kubectl("scale", "dgdsa", PREFILL, "--replicas=2")
