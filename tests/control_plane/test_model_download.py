"""A download as Terraform, the API server and the job controller really do it, from a fake hub."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gtc_constructs.app import App, TerraformStack, synthesise
from gtc_constructs.cluster.connection import KubeconfigConnection
from gtc_constructs.serving.model_download import ModelDownload
from gtc_spec import names
from gtc_spec.graph.existing import ExistingModels
from gtc_spec.graph.model_ref import ModelRef
from tests.control_plane import api_server
from tests.control_plane.kubelet import Kubelet
from tests.unit.models.fake_hub import REPOSITORY, FakeHub, serving
from tools.control_plane import cache

pytestmark = [pytest.mark.control_plane, pytest.mark.terraform, pytest.mark.timeout(400)]

NAMESPACE = "default"
PROGRAMS = (*cache.SERVER, "kube-controller-manager")
CONTROLLERS = "job-controller,garbage-collector-controller"


@dataclass
class Place:
    """A cluster that runs jobs, and a stack with one download."""

    kubelet: Kubelet
    hub: FakeHub
    stack: Path

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["terraform", f"-chdir={self.stack}", *arguments, "-no-color", "-input=false"]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)

    def jobs(self) -> list[tuple[str, str]]:
        """Identity and reason of the last condition of every job."""
        return [
            (job["metadata"]["uid"], job["status"]["conditions"][-1].get("reason", ""))
            for job in self.kubelet.get("jobs")
        ]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    programs = cache.found(PROGRAMS)
    if isinstance(programs, str):
        pytest.skip(programs)
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub/config.json").write_text("{}")
    with (
        api_server.started(programs, tmp_path) as server,
        api_server.running("kube-controller-manager", manager(programs, server), tmp_path),
        serving(FakeHub(tmp_path / "hub")) as hub,
    ):
        kubelet = Kubelet(server.kubeconfig, NAMESPACE, tmp_path / "pod")
        made = Place(kubelet, hub, written(tmp_path, server, hub))
        ready = made.terraform("init")
        if ready.returncode:
            pytest.skip(f"no providers here: {ready.stderr[-300:]}")
        with kubelet.running():
            yield made


def manager(programs: Path, server: api_server.ApiServer) -> list[str]:
    return [
        str(programs / "kube-controller-manager"), f"--kubeconfig={server.kubeconfig}",
        "--leader-elect=false", f"--controllers={CONTROLLERS}", "--secure-port=0",
    ]  # fmt: skip


def written(folder: Path, server: api_server.ApiServer, hub: FakeHub) -> Path:
    """The folder of a synthesised stack with nothing but a download."""
    app = App(outdir=str(folder / "out"))
    stack = TerraformStack(app, "it")
    KubeconfigConnection(stack, "connection", path=server.kubeconfig)
    ModelDownload(
        stack,
        "download",
        models=ExistingModels(claim="models", namespace=NAMESPACE),
        model=ModelRef(repository=REPOSITORY),
        endpoint=hub.url,
    )
    synthesise(app)
    return folder / "out/stacks/it"


def test_a_download_that_failed_is_made_anew_by_the_next_apply_and_then_stays(place: Place) -> None:
    place.hub.gated = "somebody"
    refused = place.terraform("apply", "-auto-approve")
    [(failed, reason)] = place.jobs()

    assert refused.returncode == 1
    assert "is in failed state" in refused.stderr
    # at once, by its exit code, and not after three more pods
    assert reason == "PodFailurePolicy"
    assert len(place.kubelet.logs) == 1
    assert f"{REPOSITORY} is gated: accept its licence at" in place.kubelet.logs[0]

    place.hub.gated = ""
    applied = place.terraform("apply", "-auto-approve")
    [(complete, reason)] = place.jobs()
    share = place.kubelet.folder / "models" / REPOSITORY

    assert applied.returncode == 0, applied.stderr
    assert complete != failed
    assert reason == "CompletionsReached"
    assert (share / names.DOWNLOAD_MARKER).is_file()

    planned = place.terraform("plan", "-detailed-exitcode")
    assert planned.returncode == 0, planned.stdout

    destroyed = place.terraform("destroy", "-auto-approve")
    assert destroyed.returncode == 0, destroyed.stderr
    assert place.jobs() == []
    assert (share / names.DOWNLOAD_MARKER).is_file()
