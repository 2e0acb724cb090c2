"""Which cluster a verb means, and what it does there without a hand: one rule, one way in."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from aiohttp import web

from gtc_cli.main import gtc as command_line
from gtc_cli.target.target import NoClusterError, Target, choose
from gtc_rehearsal.cluster import seeds
from gtc_rehearsal.kube_api.http.server import KubeApiServer
from gtc_rehearsal.kube_api.resources import POD, SERVICE
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_runtime.settings import Settings
from gtc_spec import names
from gtc_spec.environment import load
from gtc_spec.manifests.panel.panel import panel_service
from tests.unit.cli.conftest import Call
from tests.unit.cli.test_panel_verbs import view

NOTES = {"env": "dev", "kubeconfig": "rehearsal-file", "urls": {"panel": "http://127.0.0.1:7001"}}
TALKERS = (
    *("safe", "wait gpu", "preflight", "verify all", "compare", "prescale", "model setup"),
    *("start", "stop", "auto", "manual", "reset", "status", "open panel"),
    *("dashboards open", "dashboards check"),
)
"""Every verb that talks to a cluster."""


@pytest.mark.usefixtures("gtc")
def test_a_named_kubeconfig_wins_over_a_rehearsal_over_one_that_was_written_over_the_pod(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / ".gtc"
    home.mkdir()
    with pytest.raises(NoClusterError, match="no cluster: no KUBECONFIG"):
        choose()

    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert (choose().kubeconfig, choose().notes) == (None, None)
    (home / "kubeconfig-prod").write_text("")
    assert choose().kubeconfig == ".gtc/kubeconfig-prod"
    (home / "rehearsal.json").write_text(json.dumps(NOTES))
    assert (choose().kubeconfig, choose().notes) == ("rehearsal-file", NOTES)
    monkeypatch.setenv("KUBECONFIG", "/of/the/variable")
    assert (choose().kubeconfig, choose().notes) == ("/of/the/variable", None)
    assert choose(kubeconfig="/of/the/flag").kubeconfig == "/of/the/flag"

    said = capsys.readouterr().err.splitlines()
    assert said[0] == "cluster: the one of this pod"
    assert "cluster: .gtc/kubeconfig-prod" in said
    assert "cluster: the dev rehearsal that runs here" in said
    assert said[-1] == "cluster: /of/the/flag; the rehearsal that runs here is another one"


@pytest.mark.usefixtures("gtc")
def test_the_kubeconfig_of_the_rehearsal_by_name_is_the_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gtc").mkdir()
    (tmp_path / ".gtc" / "rehearsal.json").write_text(json.dumps(NOTES))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "rehearsal-file"))

    target = choose()

    assert (target.notes, target.environment().name) == (NOTES, "dev")


@pytest.mark.parametrize("verb", TALKERS)
def test_every_verb_that_talks_to_a_cluster_takes_it_by_the_same_flags(verb: str) -> None:
    context, command = click.Context(command_line), command_line
    for word in verb.split():
        if isinstance(command, click.Group):
            command = command.get_command(context, word) or command
    taken = {option for each in command.params for option in each.opts}
    assert {"--env", "--state-dir", "--kubeconfig"} <= taken


@pytest.mark.parametrize("verb", TALKERS)
def test_without_a_cluster_every_verb_says_so_in_the_same_words(gtc: Call, verb: str) -> None:
    told = gtc(*verb.split())

    one_of_its_checks = verb == "preflight"
    assert told.code == (1 if one_of_its_checks else 3)
    said = told.out if one_of_its_checks else told.err
    assert "no cluster: no KUBECONFIG, no rehearsal runs in .gtc" in said


class Deployed:
    """A cluster with a panel in a pod, in a loop of its own; the panel writes down its calls."""

    def __init__(self, folder: Path) -> None:
        self.calls: list[str] = []
        self.mode = "manual"
        self.folder = folder
        self.store = Store()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        self._do(self._start()).result(20)

    def stop(self) -> None:
        self._do(self._stop()).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def without_panel(self) -> None:
        self._do(self._gone()).result(5)

    def _do(self, work: Any) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _start(self) -> None:
        env = load("dev")
        for resource, manifest in seeds(env):
            self.store.create(resource, manifest, actor="operator")
        self.store.create(SERVICE, panel_service(env))
        self.store.create(POD, self._pod())
        ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        self.store.patch(POD, "panel-0", names.NAMESPACE_PANEL, ready, "status", actor="kubelet")
        self._api = KubeApiServer(self.store)
        await self._api.start()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._panel = web.AppRunner(app, shutdown_timeout=0.1)
        await self._panel.setup()
        await web.TCPSite(self._panel, "127.0.0.1", 0).start()
        port = self._panel.addresses[0][1]
        self._api.ports.listens = lambda _, asked: ("127.0.0.1", port) if asked == 8080 else None
        (self.folder / ".gtc").mkdir()
        file = self.folder / ".gtc" / "kubeconfig-dev"
        file.write_text(yaml.safe_dump(self._api.kubeconfig()))

    def _pod(self) -> dict[str, Any]:
        labels = panel_service(load("dev"))["spec"]["selector"]
        place = {"name": "panel-0", "namespace": names.NAMESPACE_PANEL, "labels": labels}
        container = {"name": "panel", "ports": [{"name": "http", "containerPort": 8080}]}
        spec = {"nodeName": "n", "containers": [container]}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": place, "spec": spec}

    async def _answer(self, request: web.Request) -> web.Response:
        self.calls.append(f"{request.method} {request.path}")
        if request.path == "/api/scenario/manual":
            self.mode = "manual"
        return web.json_response(view(mode=self.mode))

    async def _gone(self) -> None:
        self.store.delete(POD, "panel-0", names.NAMESPACE_PANEL)

    async def _stop(self) -> None:
        await self._panel.cleanup()
        await self._api.stop()


@pytest.fixture
def deployed(gtc: Call, tmp_path: Path) -> Iterator[Deployed]:
    made = Deployed(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("verb", "call"),
    [
        ("status", "GET /api/status"),
        ("stop", "POST /api/workload/stop"),
        ("auto", "POST /api/scenario/auto"),
        ("manual", "POST /api/scenario/manual"),
        ("reset", "POST /api/reset"),
        ("prescale", "POST /api/prescale"),
    ],
)
def test_on_a_cluster_a_verb_opens_its_own_way_to_the_panel_and_closes_it(
    gtc: Call, deployed: Deployed, verb: str, call: str
) -> None:
    told = gtc(verb, "--env", "dev")

    assert told.code == 0, told.err
    assert deployed.calls == [call]
    assert "cluster: .gtc/kubeconfig-dev" in told.err
    assert "mode    manual" in told.out


def test_start_ends_auto_mode_first_and_says_so(gtc: Call, deployed: Deployed) -> None:
    deployed.mode = "auto"

    told = gtc("start", "--env", "dev", "--rps", "2")

    assert told.code == 0, told.err
    assert deployed.calls[1:] == ["POST /api/scenario/manual", "POST /api/workload/start"]
    assert "auto mode ended: the load is yours" in told.err


def test_start_in_manual_mode_only_starts(gtc: Call, deployed: Deployed) -> None:
    assert gtc("start", "--env", "dev").code == 0
    assert deployed.calls == ["GET /api/status", "POST /api/workload/start"]


def test_status_without_a_panel_shows_what_kubernetes_knows(gtc: Call, deployed: Deployed) -> None:
    deployed.without_panel()

    told = gtc("status", "--env", "dev")
    listed = gtc("status", "--env", "dev", "--json")

    assert told.code == listed.code == 3
    assert "panel   none: no pod behind gtc-demo-panel in gtc-demo-panel is ready" in told.out
    assert "prefill " in told.out
    assert "slots   0 of 3 in use" in told.out
    assert (listed.json["panel"], listed.json["gpus_total"]) == (None, 3)


def test_other_verbs_without_a_panel_say_that_none_is_ready(gtc: Call, deployed: Deployed) -> None:
    deployed.without_panel()

    told = gtc("stop", "--env", "dev")

    assert (told.code, told.error) == (
        3,
        "no pod behind gtc-demo-panel in gtc-demo-panel is ready (there is none)",
    )


@pytest.mark.parametrize(("workers", "start_s"), [("simulated", 30.0), ("vllm", 75.0)])
def test_a_rehearsal_in_less_time_starts_real_workers_in_all_of_theirs(
    workers: str, start_s: float
) -> None:
    notes = {"env": "dev", "time_scale": 0.4, "workers": workers}
    environment = Target(Settings(), notes, None).environment()

    assert environment.worker_start_s == pytest.approx(start_s)
    assert environment.timeline.cycle_s == pytest.approx(load("dev").timeline.cycle_s * 0.4)
