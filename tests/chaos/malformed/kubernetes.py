"""Bodies of Kubernetes, of Prometheus and of whoever writes follow-up questions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from aiohttp import web

from gtc_runtime.cluster import end_date, waiting
from gtc_runtime.cluster.api.errors import refusal
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.api.transport import Answer, Request
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.pools import pool_state
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.cluster.state import StateStore, with_event
from gtc_runtime.load.conversations.followups import HttpFollowUps
from gtc_runtime.metrics.prometheus import PrometheusClient
from gtc_runtime.metrics.reading import Missing
from gtc_spec import names
from gtc_spec.environment import load
from tests.chaos.malformed.damage import as_json, damaged, spoilt
from tests.chaos.malformed.kinds import Kind, Try

_META = {"name": "x", "namespace": "dynamo", "resourceVersion": "17", "labels": {"a": "b"}}
_POD = {
    "metadata": {**_META, "deletionTimestamp": None},
    "spec": {"nodeName": "node-1"},
    "status": {
        "phase": "Running",
        "conditions": [
            {"type": "Ready", "status": "False"},
            {"type": "PodScheduled", "status": "False", "message": "no GPU"},
        ],
        "containerStatuses": [{"state": {"waiting": {"reason": "Pulling", "message": "x"}}}],
    },
}
_PAUSED = {
    names.ANNOTATION_PAUSED: "true",
    names.ANNOTATION_PAUSED_BY: "panel-1",
    names.ANNOTATION_PAUSED_UNTIL: "2026-03-17T12:00:00+00:00",
}
_OBJECTS: list[Json] = [
    {"kind": "PodList", "metadata": {"continue": ""}, "items": [_POD, _POD]},
    {"metadata": {**_META, "annotations": _PAUSED}, "spec": {"replicas": 2}, "status": {
        "hpaName": "keda-hpa-x", "replicas": 2, "selector": "a=b",
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Paused", "status": "True"},
                       {"type": "Fallback", "status": "False"}]}},
    {"metadata": _META, "spec": {"holderIdentity": "panel-1", "leaseDurationSeconds": 15,
        "renewTime": "2026-03-17T12:00:00.000000Z", "leaseTransitions": 3}},
    {"metadata": _META, "data": {"state.json": json.dumps({"epoch": 3, "events": [
        {"at": "2026-03-17T12:00:00+00:00", "kind": "warning", "text": "x"}]})}},
    {"kind": "Status", "status": "Failure", "message": "no", "reason": "NotFound", "code": 404},
    {"kind": "NodeList", "items": [{"metadata": _META, "status": {
        "allocatable": {"nvidia.com/gpu": "8"},
        "conditions": [{"type": "Ready", "status": "True"}]}}]},
]  # fmt: skip


@dataclass
class Canned:
    """A transport that answers everything with one body."""

    body: bytes
    status: int

    async def send(self, request: Request) -> Answer:
        if self.status >= 400:
            raise refusal(request.action, self.status, self.body)
        return Answer(self.status, self.body)


def _body(random: Random) -> bytes:
    found = random.choice(_OBJECTS)
    if random.random() < 0.7:
        return as_json(spoilt(random, found))
    return damaged(random, as_json(found))


@contextmanager
def _kubernetes() -> Iterator[Try]:
    environment = load("prod")
    with asyncio.Runner() as runner:

        def attempt(random: Random) -> str:
            status = random.choice((200, 200, 200, 200, 404, 409, 500))
            kube = Kube(Canned(_body(random), status), "dynamo")  # type: ignore[arg-type]
            question = random.choice(questions)
            runner.run(question(kube))
            return "taken"

        questions: tuple[Callable[[Kube], Awaitable[object]], ...] = (
            lambda kube: Scaling(kube, 8).read(),
            lambda kube: _keda(kube),
            lambda kube: Lease(kube, "panel-2").poll(),
            lambda kube: Lease(kube, "panel-2").acquire(force=True),
            lambda kube: _state(kube),
            lambda kube: end_date.read(kube),
            lambda kube: waiting.workers(kube, environment),
            lambda kube: waiting.workloads(kube),
            lambda kube: waiting.gpus(kube, 8),
            lambda kube: waiting.scalers(kube, ["x"]),
            lambda kube: waiting.platform(kube),
        )
        yield attempt


async def _keda(kube: Kube) -> None:
    status = await Keda(kube).status()
    _ = status.state, status.reason, status.until, status.held_at(datetime.now(UTC))


async def _state(kube: Kube) -> None:
    stored = await StateStore(kube).read()
    with_event(stored.document, "warning", "x")
    for pod in (stored.document.get("pods"), _POD):
        if isinstance(pod, dict):
            pool_state("prefill", 1, [pod])
    await StateStore(kube).update(2**31 - 1, lambda document: document)


_VECTOR = {
    "status": "success",
    "data": {
        "resultType": "vector",
        "result": [{"metric": {"__name__": "up", "job": "x"}, "value": [1700000000.1, "1.5"]}],
    },
}
_SCALAR = {"status": "success", "data": {"resultType": "scalar", "result": [1.0, "2"]}}
_ANSWER = {"choices": [{"message": {"content": "why so?"}}], "usage": {"total_tokens": 9}}
_MODELS = {"object": "list", "data": [{"id": "llama3.3-70b-instruct"}]}


_TYPES = (
    "application/json", "application/json", "text/html", "application/json; charset=none", "x",
    "a/b;charset=utf-16",
)  # fmt: skip


class _Server:
    """A server that answers every request with what was put there."""

    def __init__(self) -> None:
        self.body, self.status, self.kind = b"", 200, "application/json"
        self.url = self.well = ""

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _answer(self, request: web.Request) -> web.Response:
        if request.path == self.well:
            return web.json_response(_MODELS)
        return web.Response(status=self.status, body=self.body, headers={"Content-Type": self.kind})

    def will_say(self, random: Random, *valid: Any) -> None:
        found = random.choice(valid)
        damage = random.random() < 0.35
        self.body = damaged(random, as_json(found)) if damage else as_json(spoilt(random, found))
        self.status = random.choice((200, 200, 200, 400, 503))
        self.kind = random.choice(_TYPES)


@contextmanager
def _served(make: Callable[[str], Any]) -> Iterator[tuple[_Server, Any, asyncio.Runner]]:
    server = _Server()
    with asyncio.Runner() as runner:
        application = runner.run(server.start())
        client = make(server.url)
        try:
            yield server, client, runner
        finally:
            runner.run(client.close())
            runner.run(application.cleanup())


@contextmanager
def _prometheus() -> Iterator[Try]:
    with _served(PrometheusClient) as (server, client, runner):

        def attempt(random: Random) -> str:
            server.will_say(random, _VECTOR, _SCALAR)
            ask = random.choice((client.query, client.series))
            found = runner.run(ask("sum(up{})"))
            if isinstance(found, Missing):
                assert found.reason.isprintable()
                return "missing"
            return "taken"

        yield attempt


@contextmanager
def _followups() -> Iterator[Try]:
    async def ask(client: HttpFollowUps) -> str:
        """As the conversations ask, which take a bundled question where one of these is raised."""
        client.model = ""
        try:
            return await client.ask("context", "answer")
        except (OSError, TimeoutError, ValueError):
            return ""

    with _served(lambda url: HttpFollowUps(url)) as (server, client, runner):

        def attempt(random: Random) -> str:
            lists = random.random() < 0.3
            server.well = "" if lists else "/v1/models"
            server.will_say(random, _MODELS if lists else _ANSWER)
            question = runner.run(ask(client))
            assert question.isprintable()
            return "taken" if question else "missing"

        yield attempt


KINDS = (
    Kind("kubernetes", _kubernetes),
    Kind("prometheus", _prometheus),
    Kind("followups", _followups),
)
