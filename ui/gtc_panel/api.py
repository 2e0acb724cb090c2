"""REST and WebSocket of the demo, as the plan names them, for the command line and for scripts.

Every route calls one method of the service and answers with its view or with one line of error.
It must not decide anything.
"""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Body, Depends, FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from gtc_panel import api_errors
from gtc_panel.api_errors import COMMAND, LOOK, PROBE
from gtc_runtime.actor import CLI_AGENT, Actor
from gtc_runtime.checks.health import Health
from gtc_runtime.service import DemoService
from gtc_runtime.view import DemoView
from gtc_spec.workloads import WorkloadMix


def _actor(request: Request) -> Actor:
    agent = request.headers.get("user-agent", "").partition("/")[0]
    address = request.client.host if request.client else ""
    return Actor("gtc" if agent == CLI_AGENT else "api", address)


By = Annotated[Actor, Depends(_actor)]

SOCKET_PERIOD_S = 0.5
SOCKET_SEND_S = 5.0
"""A display that takes no message for this long is dropped."""


class LoadBody(BaseModel):
    """Rate and mix; what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rps: float | int | None = None
    mix: str | dict[str, int] | None = None
    """``"40/30/30"`` or ``{"chat": 40, "summarization": 30, "reasoning": 30}``."""

    def parsed_mix(self) -> WorkloadMix | None:
        """The mix as a value.

        Raises:
            UsageError: It is not one share for each workload, or they do not add up to 100.
        """
        if isinstance(self.mix, str):
            return WorkloadMix.parse(self.mix)
        return None if self.mix is None else WorkloadMix.of(self.mix)


class AutoBody(BaseModel):
    """How auto mode runs."""

    model_config = ConfigDict(extra="forbid", strict=True)

    once: bool = False


class PrescaleBody(BaseModel):
    """How long the fallback state holds."""

    model_config = ConfigDict(extra="forbid")

    until: AwareDatetime
    """ISO 8601 with zone."""


class Watched(Protocol):
    """What questions are asked of."""

    @property
    def ready(self) -> bool:
        """Whether it sees what it shows."""
        ...

    def view(self) -> DemoView:
        """What is shown now."""
        ...

    async def stop_load(self, *, by: Actor) -> None:
        """Stop sending."""
        ...


def attach(app: FastAPI, service: DemoService) -> None:
    """Add all routes to an application."""
    router = APIRouter()
    _load(router, service)
    _scenario(router, service)
    _questions(router, service)
    app.include_router(router)
    api_errors.attach(app)


def attach_questions(app: FastAPI, watched: Watched) -> None:
    """Add the routes that only look, and refuse every command with the words of what is shown."""
    router = APIRouter()
    _questions(router, watched)

    @router.post("/api/{command:path}", responses=COMMAND)
    async def refuse(by: By) -> Any:
        await watched.stop_load(by=by)

    app.include_router(router)
    api_errors.attach(app)


def attach_health(app: FastAPI, health: Health) -> None:
    """Add the checks of the preflight, as `gtc preflight --json` prints them."""

    @app.get("/api/health", responses=LOOK)
    async def checks() -> Any:
        return (await health.report()).to_json()


def _load(router: APIRouter, service: DemoService) -> None:
    @router.post("/api/workload/start", responses=COMMAND)
    async def start(by: By, body: Annotated[LoadBody | None, Body()] = None) -> Any:
        if body is not None:
            await service.set_load(body.rps, body.parsed_mix(), by=by)
        await service.start_load(by=by)
        return service.fresh_view().to_json()

    @router.post("/api/workload/stop", responses=COMMAND)
    async def stop(by: By) -> Any:
        await service.stop_load(by=by)
        return service.fresh_view().to_json()

    @router.post("/api/workload/config", responses=COMMAND)
    async def set_load(body: LoadBody, by: By) -> Any:
        await service.set_load(body.rps, body.parsed_mix(), by=by)
        return service.fresh_view().to_json()


def _scenario(router: APIRouter, service: DemoService) -> None:
    @router.post("/api/scenario/auto", responses=COMMAND)
    async def auto(by: By, body: Annotated[AutoBody | None, Body()] = None) -> Any:
        await service.auto(once=body is not None and body.once, by=by)
        return service.fresh_view().to_json()

    @router.post("/api/scenario/stop", responses=COMMAND)
    async def end(by: By) -> Any:
        await service.end_scenario(by=by)
        return service.fresh_view().to_json()

    @router.post("/api/scenario/manual", responses=COMMAND)
    async def manual(by: By) -> Any:
        await service.manual(by=by)
        return service.fresh_view().to_json()

    @router.post("/api/prescale", responses=COMMAND)
    async def prescale(body: PrescaleBody, by: By) -> Any:
        await service.prescale(body.until.astimezone(UTC), by=by)
        return service.fresh_view().to_json()

    @router.post("/api/reset", responses=COMMAND)
    async def reset(by: By) -> Any:
        await service.reset(by=by)
        return service.fresh_view().to_json()


def _questions(router: APIRouter, service: Watched) -> None:
    @router.get("/api/status", responses=LOOK)
    async def status() -> Any:
        return service.view().to_json()

    @router.get("/healthz", response_class=PlainTextResponse)
    async def alive() -> Response:
        return PlainTextResponse("ok")

    @router.get("/readyz", response_class=PlainTextResponse, responses=PROBE)
    async def ready() -> Response:
        if service.ready:
            return PlainTextResponse("ok")
        return PlainTextResponse(service.view().problem or "starting", status_code=503)

    @router.websocket("/ws")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                async with asyncio.timeout(SOCKET_SEND_S):
                    await socket.send_json(service.view().to_json())
                await asyncio.sleep(SOCKET_PERIOD_S)
        except (WebSocketDisconnect, TimeoutError, RuntimeError):
            return  # the display went away
