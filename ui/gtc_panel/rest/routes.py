"""REST and WebSocket of the demo, as the plan names them, for the command line and for scripts.

Every route calls one method of the service and answers with its view or with one line of error.
It must not decide anything.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC
from typing import Annotated, Protocol

from fastapi import APIRouter, Body, Depends, FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from gtc_panel.door.origins import plain
from gtc_panel.rest import errors, page, schema
from gtc_panel.rest.bodies import AutoBody, HoldBody, LoadBody, PrescaleBody
from gtc_panel.rest.errors import COMMAND, HEALTH, LOOK, PROBE, SAFE
from gtc_runtime.actor import CLI_AGENT, Actor
from gtc_runtime.checks.health import Health
from gtc_runtime.service import DemoService
from gtc_runtime.view import DemoView


def _actor(request: Request) -> Actor:
    agent = request.headers.get("user-agent", "").partition("/")[0]
    address = plain(request.client.host) if request.client else ""
    # a page's Stop comes by this way, and a browser sends one of both, which the door has checked;
    # the second only to loopback and over TLS
    same_site = request.headers.get("sec-fetch-site") == "same-origin"
    by_page = same_site or "origin" in request.headers
    return Actor("gtc" if agent == CLI_AGENT else "page" if by_page else "api", address)


By = Annotated[Actor, Depends(_actor)]

SOCKET_PERIOD_S = 0.5
SOCKET_SEND_S = 5.0
"""A display that takes no message for this long is dropped."""


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
    _modes(router, service)
    _at_rest(router, service)
    _show(router, service)
    _questions(router, service)
    _finish(app, router)


def attach_questions(app: FastAPI, watched: Watched) -> None:
    """Add the routes that only look, and refuse every command with the words of what is shown."""
    router = APIRouter()
    _questions(router, watched)

    @router.post("/api/{command:path}", responses=COMMAND)
    async def refuse(by: By) -> None:
        """Every command: a recording takes none."""
        await watched.stop_load(by=by)

    _finish(app, router)


def attach_health(app: FastAPI, health: Health) -> None:
    """Add the checks of the preflight, as `gtc preflight --json` prints them."""

    @app.get("/api/health", responses=HEALTH)
    async def checks() -> JSONResponse:
        """What the preflight checks, at most 30 s old; a look takes up to 20 s."""
        return JSONResponse((await health.report()).to_json())


def _finish(app: FastAPI, router: APIRouter) -> None:
    app.include_router(router)
    errors.attach(app)
    schema.attach(app)
    page.attach(app)


def _now(service: DemoService) -> JSONResponse:
    """The demo after a command; the view is plain already, so nothing has to look through it."""
    return JSONResponse(service.fresh_view().to_json())


def _load(router: APIRouter, service: DemoService) -> None:
    @router.post("/api/workload/start", responses=COMMAND)
    async def start(by: By, body: Annotated[LoadBody | None, Body()] = None) -> JSONResponse:
        """Send load, with the rate and mix given or chosen before.

        Repeated: the load goes on.
        """
        if body is not None:
            await service.set_load(body.rps, body.parsed_mix(), by=by)
        await service.start_load(by=by)
        return _now(service)

    @router.post("/api/workload/stop", responses=COMMAND)
    async def stop(by: By) -> JSONResponse:
        """Send nothing more, in every mode; auto mode ends with it, maybe after the answer.

        Repeated: nothing happens, and a show can still be resumed.
        """
        await service.stop_load(by=by)
        return _now(service)

    @router.post("/api/workload/config", responses=COMMAND)
    async def set_load(body: LoadBody, by: By) -> JSONResponse:
        """Change rate, mix or both; at once where load runs. A preset is a rate with a mix.

        Repeated: nothing changes. In auto mode: 409.
        """
        await service.set_load(body.rps, body.parsed_mix(), by=by)
        return _now(service)

    @router.post("/api/workload/undo", responses=COMMAND)
    async def undo(by: By) -> JSONResponse:
        """Bring back rate and mix before their last change; ``control.undo`` says which.

        Repeated: one step further back each time, ten at most, then 409. Changes of one giver
        within a second of each other are one step. In auto mode: 409.
        """
        await service.undo(by=by)
        return _now(service)


def _modes(router: APIRouter, service: DemoService) -> None:
    @router.post("/api/scenario/auto", responses=COMMAND)
    async def auto(by: By, body: Annotated[AutoBody | None, Body()] = None) -> JSONResponse:
        """Begin the show: the scenario drives load and workers, KEDA is paused.

        Repeated: it goes on; with ``once`` 409. While somebody else has paused KEDA: 409 with whose
        pause it is, unless ``take_over`` is true.
        """
        asked = body or AutoBody()
        await service.auto(once=asked.once, take_over=asked.take_over, by=by)
        return _now(service)

    @router.post("/api/scenario/stop", responses=COMMAND)
    async def end(by: By) -> JSONResponse:
        """End the show and its load; KEDA scales. For 10 s the show can be resumed.

        Repeated: nothing happens.
        """
        await service.end_scenario(by=by)
        return _now(service)

    @router.post("/api/scenario/manual", responses=COMMAND)
    async def manual(by: By) -> JSONResponse:
        """End the show and keep its load, which is yours; KEDA scales.

        Repeated: nothing happens.
        """
        await service.manual(by=by)
        return _now(service)


def _at_rest(router: APIRouter, service: DemoService) -> None:
    @router.post("/api/prescale", responses=COMMAND)
    async def prescale(body: PrescaleBody, by: By) -> JSONResponse:
        """The fallback state: every GPU at work and KEDA paused until a time; the load goes on.

        Repeated: the new time holds.
        """
        await service.prescale(body.until.astimezone(UTC), by=by)
        return _now(service)

    @router.post("/api/safe", responses=SAFE)
    async def safe(by: By) -> JSONResponse:
        """The safe state: load off, streams ended, initial ratio, KEDA scaling, manual mode.

        It takes up to two minutes, the load is off at once. Allowed in every mode; a panel without
        the Lease takes it by force. What failed is in the answer. Repeated: whoever asks meanwhile
        gets the same answer, later ones what was so already.
        """
        return JSONResponse(asdict(await service.safe(by=by)))

    @router.post("/api/reset", responses=COMMAND)
    async def reset(by: By) -> JSONResponse:
        """Load off, open streams ended, initial ratio, statistics zeroed, KEDA scaling.

        Repeated: the same again.
        """
        await service.reset(by=by)
        return _now(service)


def _show(router: APIRouter, service: DemoService) -> None:
    @router.post("/api/scenario/hold", responses=COMMAND)
    async def hold(by: By, body: Annotated[HoldBody | None, Body()] = None) -> JSONResponse:
        """Let the running phase stand still: its load goes on, its countdown stops.

        Repeated: nothing happens. Workers that were ordered stay ordered, a gate still opens, and
        a queue above its limit still ends the phase and the hold. Without a show: 409.
        """
        await service.hold(body is None or body.on, by=by)
        return _now(service)

    @router.post("/api/scenario/extend", responses=COMMAND)
    async def extend(by: By) -> JSONResponse:
        """Make the running phase 30 s longer; orders that were to come move with its end.

        Repeated: another 30 s. Without a show: 409.
        """
        await service.extend(by=by)
        return _now(service)

    @router.post("/api/scenario/next", responses=COMMAND)
    async def next_phase(by: By) -> JSONResponse:
        """Go to the next phase; a settle tail between is left out, and a hold ends.

        Its length counts from its workers' being ready, ``control.next.ready_in_s`` from now.
        Repeated: another phase further, but not out of one that began less than 2 s ago, so that
        two presses are one. Without a show: 409.
        """
        await service.next_phase(by=by)
        return _now(service)

    @router.post("/api/scenario/resume", responses=COMMAND)
    async def resume(by: By) -> JSONResponse:
        """Go on with the show that was stopped less than 10 s ago, with the time it had played.

        Repeated, too late, or when somebody has acted since: 409. ``control.resume_s`` counts down.
        """
        await service.resume_show(by=by)
        return _now(service)


def _questions(router: APIRouter, service: Watched) -> None:
    @router.get("/api/status", responses=LOOK)
    async def status() -> JSONResponse:
        """Everything at one instant, at most a quarter of a second old."""
        return JSONResponse(service.view().to_json())

    @router.get("/healthz", response_class=PlainTextResponse)
    async def alive() -> Response:
        """Whether the process answers."""
        return PlainTextResponse("ok")

    @router.get("/readyz", response_class=PlainTextResponse, responses=PROBE)
    async def ready() -> Response:
        """Whether it has started: a panel that shows a problem must stay within reach."""
        if service.ready:
            return PlainTextResponse("ok")
        return PlainTextResponse("starting", status_code=503)

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
