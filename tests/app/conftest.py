"""The real service on a small cluster: Kubernetes in memory, the operator's and KEDA's parts.

Only what costs GPUs or processes is small: workers are timers, and the frontend is a server of a
few lines that streams words. Phases last seconds.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from aiohttp import web

from gtc_rehearsal.autoscaling.autoscaler import Autoscaler
from gtc_rehearsal.cluster import seeds
from gtc_rehearsal.kube_api.resources import (
    CONFIG_MAP,
    DGDSA,
    HPA,
    LEASE,
    SCALED_OBJECT,
)
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.operator.operator import Operator
from gtc_rehearsal.prometheus.promql_values import Sample, Value, Vector
from gtc_runtime.cluster.keda_status import scaler_state
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.service import DemoService
from gtc_runtime.settings import Settings
from gtc_runtime.view import DemoView
from gtc_spec import names
from gtc_spec.environment import Environment, load
from gtc_spec.manifests.rbac import PANEL_ACCOUNT
from gtc_spec.pools import ROLES, PDRatio
from gtc_spec.telemetry import promql
from tests.faulty_api.server import FaultyApiServer

N = names.NAMESPACE_WORKLOAD
SCALE = 0.1
"""Windows of the autoscaler; phases of the show below are short as they are written."""
SHOW: list[dict[str, Any]] = [
    {"name": "BALANCED", "duration_s": 3, "rps": 4, "mix": "40/30/30", "ratio": "2P:3D"},
    {"name": "PREFILL_RECOVERY", "duration_s": 4, "max_s": 12, "rps": 6, "mix": "0/50/50",
     "ratio": "4P:3D", "gate": "ready",
     "settle": {"duration_s": 2, "rps": 2, "mix": "50/0/50", "ratio": "2P:3D"}},
    {"name": "COOLDOWN", "duration_s": 3, "rps": 4, "ramp_to_rps": 0, "mix": "35/15/50",
     "ratio": "2P:3D"},
]  # fmt: skip


def short_show() -> Environment:
    """Prod with a show of 12 s, workers that start in 2 s and short texts."""
    phases = [{**phase, "narration": "look here"} for phase in SHOW]
    short = {"context_tokens": [100, 200], "reply_tokens": [5, 9], "think_s": [0.1, 0.2]}
    chat = {f"workloads.chat.{key}": value for key, value in short.items()}
    return load(
        "prod",
        {
            **chat,
            "worker_start_s": 2,
            "pools.prefill.drain_s": 0.2,
            "pools.decode.drain_s": 0.2,
            "phase_tables": {"show": {"phases": phases}},
            "workloads.summarization.prompt_tokens": [200, 300],
            "workloads.reasoning.output_tokens": [10, 20],
        },
    )


class Timers:
    """Runs the processes of pods: none at all, only their start-up time."""

    def __init__(self, frontend_url: str) -> None:
        self._frontend_url = frontend_url

    async def start(self, router_mode: str = "kv") -> str:
        return self._frontend_url

    async def frontend_ended(self) -> None:
        await asyncio.Event().wait()

    async def start_worker(self, name: str, role: str, delay_s: float = 0.0) -> Timers:
        await asyncio.sleep(delay_s)
        return self

    async def ended(self) -> None:
        await asyncio.Event().wait()

    async def stop_worker(self, name: str, drain_s: float) -> None:
        await asyncio.sleep(drain_s)


class Frontend:
    """An OpenAI-like server; every word takes ``word_s``."""

    def __init__(self) -> None:
        self.word_s, self.words_max = 0.01, 100_000
        self.requests = self.open = 0
        self.prompts: list[str] = []
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests += 1
        self.open += 1
        self.prompts += [message["content"] for message in body["messages"]]
        try:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            words = min(body["max_tokens"], self.words_max)
            for word in range(words):
                await asyncio.sleep(self.word_s)
                await response.write(_frame([_choice(f"w{word} ", None)]))
            await response.write(_frame([_choice("", "length")]))
            usage = {"prompt_tokens": 100, "completion_tokens": words, "total_tokens": 100 + words}
            await response.write(_frame([], usage) + b"data: [DONE]\n\n")
            return response
        finally:
            self.open -= 1


def _choice(content: str, finish: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": {"content": content}, "finish_reason": finish}


def _frame(choices: list[dict[str, Any]], usage: dict[str, int] | None = None) -> bytes:
    data = {"id": "1", "object": "chat.completion.chunk", "choices": choices, "usage": usage}
    return b"data: " + json.dumps(data).encode() + b"\n\n"


class World:
    """The cluster around the panel, and questions to its store."""

    def __init__(self, environment: Environment, directory: Path) -> None:
        self.environment = environment
        self.store = Store()
        self.frontend = Frontend()
        self.kubeconfig = directory / "kubeconfig"  # of the panel's own account
        self.api = FaultyApiServer(self.store)
        self._directory = directory
        self._tasks: list[asyncio.Task[None]] = []
        self.keda_task: asyncio.Task[None] | None = None
        self.keda_is_blind = False

    async def start(self) -> None:
        for resource, manifest in seeds(self.environment):
            self.store.create(resource, manifest, actor="operator")
        await self.api.start()
        account = names.NAMESPACE_PANEL, PANEL_ACCOUNT
        self.kubeconfig.write_text(yaml.safe_dump(self.api.kubeconfig(account)))
        await self.frontend.start()
        operator = Operator(self.store, Timers(self.frontend.url), self.environment)
        self._tasks.append(asyncio.create_task(operator.run()))
        await operator.settled()
        self.start_keda()
        await self.until(lambda: len(self.hpas()) == 2)

    def start_keda(self) -> None:
        self.keda_task = asyncio.create_task(Autoscaler(self.store, self._metric, SCALE).run())
        self._tasks.append(self.keda_task)

    def _metric(self, expr: str) -> Value:
        """What leaves every pool as it is: a load exactly at the limit of its scaler."""
        if self.keda_is_blind:
            return Vector(())
        rules = {role: self.environment.pools.of(role).scale for role in ROLES}
        role = next(role for role, rule in rules.items() if promql.scaler_query(rule) == expr)
        total = rules[role].metric_type == "AverageValue"
        limit = rules[role].threshold * (self.desired().of(role) if total else 1)
        return Vector((Sample((), limit),))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.frontend.stop()
        await self.api.stop()

    async def until(self, holds: Callable[[], bool], within_s: float = 20.0) -> None:
        """Wait until something is so; fails when it is not in time."""
        give_up = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < give_up, f"not within {within_s:g} s"
            await asyncio.sleep(0.02)

    def desired(self) -> PDRatio:
        found = [self.store.get(DGDSA, names.pool_dgdsa(role), N) for role in ROLES]
        return PDRatio(*(each["spec"]["replicas"] for each in found))

    def scale(self, ratio: PDRatio) -> None:
        for role in ROLES:
            spec = {"spec": {"replicas": ratio.of(role)}}
            self.store.patch(DGDSA, names.pool_dgdsa(role), N, spec)

    def paused(self) -> bool:
        """Whether any of the two scalers is paused, by whomever."""
        return any(
            scaler_state(
                self.store.get(SCALED_OBJECT, names.scaler(role), N), hpa_present=False
            ).pause
            for role in ROLES
        )

    def pauser(self, role: str = "prefill") -> str | None:
        found = self.store.get(SCALED_OBJECT, names.scaler(role), N)
        return (found["metadata"].get("annotations") or {}).get(names.ANNOTATION_PAUSED_BY)

    def annotate(self, annotations: dict[str, str | None]) -> None:
        for role in ROLES:
            patch = {"metadata": {"annotations": annotations}}
            self.store.patch(SCALED_OBJECT, names.scaler(role), N, patch)

    def hpas(self) -> set[str]:
        return {hpa["metadata"]["name"] for hpa in self.store.list(HPA, N)}

    def lease(self) -> dict[str, Any]:
        return dict(self.store.get(LEASE, names.LEASE, N)["spec"])

    def hold_lease(self, holder: str, seconds: int = 3600) -> None:
        spec = {"holderIdentity": holder, "leaseDurationSeconds": seconds, "leaseTransitions": 5}
        self.store.patch(LEASE, names.LEASE, N, {"spec": spec})

    def stored(self) -> dict[str, Any]:
        data = self.store.get(CONFIG_MAP, names.STATE_CONFIG_MAP, N).get("data") or {}
        return dict(json.loads(data.get("state.json", "{}")))

    def remember(self, document: dict[str, Any]) -> None:
        data = {"data": {"state.json": json.dumps(document)}}
        self.store.patch(CONFIG_MAP, names.STATE_CONFIG_MAP, N, data)


class Panel:
    """A service and short questions to its view."""

    def __init__(self, world: World) -> None:
        settings = Settings(frontend_url=world.frontend.url, kubeconfig=str(world.kubeconfig))
        self.world = world
        self.service = DemoService(world.environment, settings)

    async def start(self) -> None:
        await self.service.start()
        cluster = self.service._cluster
        assert cluster
        cluster.writer.scaling._hold_s = 0.2  # nobody here reverts a scale

    @property
    def view(self) -> DemoView:
        return self.service.fresh_view()

    @property
    def told(self) -> list[str]:
        return [event.text for event in self.view.events]

    async def until(self, holds: Callable[[DemoView], bool], within_s: float = 20.0) -> DemoView:
        try:
            await self.world.until(lambda: holds(self.service.fresh_view()), within_s)
        except AssertionError as late:
            state = f"{self.view.mode}; {self.told}; stored: {self.world.stored()}"
            raise AssertionError(f"{late}; the panel: {state}") from None
        return self.view

    async def end_like_killed(self) -> None:
        """End its tasks, as by kill -9: they write nothing any more on their way."""
        assert self.service._cluster
        lease = self.service._cluster.writer.lease
        for task in asyncio.all_tasks():
            if task.get_name() == "lease keeper" and keeper_of(task) is lease:
                task.cancel()  # the answer to a renewal would make the lease ours again
        lease._ours = None
        await self.service._supervisor.stop()

    async def until_mode(self, mode: str) -> None:
        await self.until(lambda view: view.mode == mode)

    async def until_told(self, text: str) -> str:
        await self.world.until(lambda: any(text in told for told in self.told))
        return next(told for told in self.told if text in told)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(short_show(), tmp_path)
    await made.start()
    yield made
    await made.stop()


def keeper_of(task: asyncio.Task[Any]) -> Lease | None:
    """Whose lease a task renews."""
    coroutine = task.get_coro()
    assert inspect.iscoroutine(coroutine)
    return cast("Lease | None", inspect.getcoroutinelocals(coroutine).get("self"))


NewPanel = Callable[[], Awaitable[Panel]]


@pytest.fixture
async def new_panel(world: World) -> AsyncIterator[NewPanel]:
    """Starts a panel; all are stopped at the end."""
    started: list[Panel] = []

    async def start() -> Panel:
        panel = Panel(world)
        started.append(panel)
        await panel.start()
        return panel

    yield start
    for panel in started:
        await panel.service.stop()


@pytest.fixture
async def panel(new_panel: NewPanel) -> Panel:
    """A panel that holds the Lease."""
    started = await new_panel()
    await started.until_mode("manual")
    return started
