"""A deployed demo as the preflight sees it: the rehearsal's API, and small servers around it.

The operator and the autoscaler bring the cluster up once and then rest, so that what a test breaks
stays broken. Frontend, workers and panel are pages of metrics; Prometheus is the rehearsal's own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from gtc_rehearsal.autoscaling.autoscaler import Autoscaler
from gtc_rehearsal.autoscaling.keda_metrics import Evaluate
from gtc_rehearsal.cluster import seeds
from gtc_rehearsal.kube_api.resources import HPA, POD, SCALED_OBJECT, Resource
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.operator.operator import Operator
from gtc_rehearsal.prometheus.prometheus import PrometheusTwin
from gtc_rehearsal.prometheus.promql_values import PromqlError, Sample, Value, Vector
from gtc_rehearsal.surroundings import create_surroundings
from gtc_runtime.checks import preflight, prometheus, scaling
from gtc_runtime.checks import scene as scenes
from gtc_runtime.checks.check import chosen
from gtc_runtime.checks.scene import Scene
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.pools import condition
from gtc_runtime.metrics.exporter import Exporter
from gtc_runtime.places import Place
from gtc_runtime.settings import Settings
from gtc_runtime.verdict import Verdict
from gtc_spec import names
from gtc_spec.autoscaling.hpa import SYNC_PERIOD_S
from gtc_spec.environment import Environment, load
from gtc_spec.pools import Role
from gtc_spec.telemetry.metrics import JOBS, Emitter
from tests.faulty_api.server import FaultyApiServer
from tests.unit.metrics.test_exporter import VIEW

N = names.NAMESPACE_WORKLOAD
SCRAPES = Path(__file__).parents[2] / "data" / "dynamo-1.4.2"
SCRAPE_S = 60.0
"""Only the first round counts, at the moment of the look: nothing here changes by itself."""
PROD = load("prod")


class Timers:
    """Runs the processes of pods: none."""

    async def start_worker(self, name: str, role: str, delay_s: float = 0.0) -> Timers:
        return self

    async def start(self, router_mode: str = "kv") -> str:
        return ""

    async def ended(self) -> None:
        await asyncio.Event().wait()

    async def frontend_ended(self) -> None:
        await asyncio.Event().wait()

    async def stop_worker(self, name: str, drain_s: float) -> None:
        pass


class Services:
    """Everything that answers HTTP beside Kubernetes: what it says can be changed."""

    def __init__(self, env: Environment) -> None:
        self.model = env.model.served_name
        self.digest = env.digest
        self.pages = {name: (SCRAPES / f"{name}.prom").read_text() for name in _PAGES}
        exporter = Exporter(env)
        exporter.update(VIEW)
        self.pages["panel"] = exporter.render()[0].decode()
        self.down: set[str] = set()
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._answer)
        app.router.add_get("/api/status", self._status)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/{page}/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _models(self, _request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": self.model}]})

    async def _answer(self, _request: web.Request) -> web.Response:
        return web.json_response({"choices": [{"message": {"content": "hello"}}]})

    async def _status(self, _request: web.Request) -> web.Response:
        return web.json_response({"digest": self.digest})

    async def _metrics(self, request: web.Request) -> web.Response:
        page = request.match_info.get("page", "frontend")
        return web.Response(text=self.pages[page], status=503 if page in self.down else 200)


_PAGES = ("frontend", "prefill", "decode")


class World:
    """The demo and questions to it."""

    def __init__(self, directory: Path) -> None:
        self.env = PROD
        self.store = Store()
        self.api = FaultyApiServer(self.store)
        self.services = Services(self.env)
        self.prometheus = PrometheusTwin(self._targets, SCRAPE_S)
        self.prometheus_is_up = True
        self.addresses: dict[Place, str] = {}
        self.changes: dict[str, Any] = {}
        self.corpus = ""
        self.followups = ""
        self.kubeconfig = directory / "kubeconfig"

    async def start(self) -> None:
        for resource, manifest in seeds(self.env):
            self.store.create(resource, manifest, actor="operator")
        create_surroundings(self.store, self.env)
        await self.api.start()
        self.kubeconfig.write_text(yaml.safe_dump(self.api.kubeconfig()))
        await self.services.start()
        front = self.services.url
        self.addresses = {"frontend": front, "panel": front}
        operator = Operator(self.store, Timers(), self.env)
        scaler = Autoscaler(self.store, _one, time_scale=0.01)
        tasks = [asyncio.create_task(operator.run()), asyncio.create_task(scaler.run())]
        await operator.settled()
        while not all(self._reads(hpa) for hpa in self.store.list(HPA, N)) or not self.hpas():
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def stop(self) -> None:
        await self.prometheus.stop()
        await self.services.stop()
        await self.api.stop()

    def hpas(self) -> list[str]:
        return [hpa["metadata"]["name"] for hpa in self.store.list(HPA, N)]

    def patch(
        self,
        resource: Resource,
        name: str,
        patch: Mapping[str, Any],
        *,
        status: bool = False,
        namespace: str | None = N,
    ) -> None:
        sub = "status" if status else None
        self.store.patch(resource, name, namespace, patch, sub, actor="operator")

    def pod(self, service: str) -> str:
        """One pod of a service."""
        pods = self.store.list(POD, N, names.pod_labels(service))
        return str(pods[0]["metadata"]["name"])

    async def look(self, *only: str) -> dict[str, Verdict]:
        """What the preflight says, by name of the check."""
        await self._measure()
        settings = Settings(
            kubeconfig=str(self.kubeconfig), corpus=self.corpus, followups_url=self.followups
        )
        async with scenes.opened(self.env, settings, self.addresses) as scene:
            scene = self.changed(scene)
            report = await preflight.run(scene, chosen(preflight.PROBES, only))
        return {check.name: check for check in report.checks}

    async def kube(self) -> Kube:
        """A client of the workload's namespace."""
        return await Kube.connect(N, str(self.kubeconfig))

    async def lose_prometheus(self) -> None:
        """As `blind_keda.Demo` asks."""
        self.prometheus_is_up = False
        await self._keda_looks(_refused, "True")

    async def regain_prometheus(self) -> None:
        """As `blind_keda.Demo` asks."""
        self.prometheus_is_up = True
        await self._keda_looks(_one, "False")

    async def _keda_looks(self, evaluate: Evaluate, falls_back: str) -> None:
        """Let KEDA and its HPAs work until every scaler is in its fallback, or out of it."""
        task = asyncio.create_task(Autoscaler(self.store, evaluate, time_scale=0.01).run())
        while any(
            condition(scaler, "Fallback").get("status") != falls_back
            for scaler in self.store.list(SCALED_OBJECT, N)
        ):
            await asyncio.sleep(0.01)
        await asyncio.sleep(2 * SYNC_PERIOD_S * 0.01)  # the HPA has read it, too
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _measure(self) -> None:
        """Let Prometheus see the world as it is now."""
        await self.prometheus.stop()
        self.addresses["prometheus"] = await self.prometheus.start()
        while len(self._up()) < len(list(self._targets())):
            await asyncio.sleep(0.01)
        if not self.prometheus_is_up:
            await self.prometheus.stop()

    def _up(self) -> tuple[Sample, ...]:
        found = self.prometheus.query("up{}")
        assert isinstance(found, Vector)
        return found.samples

    def changed(self, scene: Scene) -> Scene:
        """A scene with what a test has changed in it."""
        return replace(scene, **self.changes)

    def _targets(self) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        base = self.services.url
        for page, service, job in (
            ("frontend", names.FRONTEND, Emitter.FRONTEND),
            ("prefill", names.service("prefill"), Emitter.WORKER),
            ("decode", names.service("decode"), Emitter.WORKER),
        ):
            labels = {"namespace": N, "pod": f"gtc-demo-0-{service.lower()}-x", "container": "main"}
            yield JOBS[job], f"{base}/{page}/metrics", labels
        panel = names.NAMESPACE_PANEL
        yield f"{panel}/{names.DEMO}", f"{base}/panel/metrics", {"namespace": panel}

    @staticmethod
    def _reads(hpa: Mapping[str, Any]) -> bool:
        return bool((hpa.get("status") or {}).get("currentMetrics"))


def _refused(_expr: str) -> Value:
    raise PromqlError("connection refused")


def _one(_expr: str) -> Value:
    return Vector((Sample((), 1.0),))


def worker_of(role: Role) -> str:
    return names.service(role)


def without_label(page: str, label: str) -> str:
    """An exposition in which nothing carries a label any more."""
    return re.sub(rf'{label}="[^"]*",?', "", page)


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is broken here stays broken, so there is nothing to wait for."""
    monkeypatch.setattr(scaling, "YOUNG_S", 0.0)
    monkeypatch.setattr(prometheus, "FIRST_SCRAPE_S", 1.0)
    monkeypatch.setattr(prometheus, "POLL_INTERVAL_S", 0.1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.start()
    yield made
    await made.stop()
