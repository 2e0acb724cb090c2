"""Serves one demo over HTTP: REST and sockets, with pages or without, and metrics beside them.

It owns the web server and the life of the service in it; on SIGTERM the service leaves the cluster
in order. It must not know commands of the command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from gtc_panel.door import listener as door
from gtc_panel.door.door import Door
from gtc_panel.door.entrance import Entrance
from gtc_panel.door.metrics_port import MetricsPort
from gtc_panel.door.rules import Rules
from gtc_panel.rest import errors, routes
from gtc_runtime.checks.health import Health
from gtc_runtime.corpus.choice import BUNDLED, Texts
from gtc_runtime.recording.choice import whole_show
from gtc_runtime.scenario.story import judge
from gtc_runtime.service import DemoService
from gtc_runtime.settings import Settings
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError, UsageError

log = logging.getLogger(__name__)

ANSWERS_S = 15
"""Longest time for answers that are under way when the process is asked to end."""
READY_S = 120.0
"""Longest wait for the initial workers before a run that was asked for on the command line."""


@dataclass(frozen=True)
class Run:
    """What to do without anybody pressing a button.

    Attributes:
        headless: Serve no pages.
        auto: Begin auto mode when the workers are ready.
        once: End after one cycle.
        report: Where the report of that cycle goes.
    """

    headless: bool = False
    auto: bool = False
    once: bool = False
    report: Path | None = None


class Server(uvicorn.Server):
    """A server that leaves signals to us: the service must end before the process does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve(
    environment: Environment,
    settings: Settings,
    *,
    run: Run,
    time_scale: float,
    texts: Texts = BUNDLED,
    real_workers: bool = False,
) -> None:
    """Serve until SIGTERM, SIGINT or the end of the run; for its arguments see `DemoService`.

    Raises:
        UsageError: The port is taken.
        GtcError: The cluster does not answer, or a part of the service ended.
    """
    entrance = Entrance(settings)
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(bind(settings.host, settings.port))
        scraped = sockets.enter_context(bind(settings.host, settings.metrics_port))
        service = DemoService(
            environment, settings, time_scale=time_scale, texts=texts, real_workers=real_workers,
            state_dir=settings.state_dir)  # fmt: skip
        health = Health.of_panel(environment, settings)
        asked = asyncio.Event()
        app = _app(service, entrance.rules, run.headless, health, settings.state_dir)
        server = stopping(app, asked.set)
        try:
            if not await _unless(asked, service.start()):
                return
            _keep(service, scraped)
            log.info("%s", entrance.told(*(each.getsockname()[1] for each in (listener, scraped))))
            async with asyncio.TaskGroup() as tasks:
                web = tasks.create_task(server.serve(sockets=[listener]), name="web")
                others = (
                    tasks.create_task(service.failed(), name="watchdog"),
                    tasks.create_task(_perform(service, run, server), name="run"),
                )
                await _unless(asked, asyncio.wait({web}))
                for task in others:
                    task.cancel()
                await service.stop()
        except* GtcError as group:
            raise group.exceptions[0] from None
        finally:
            await service.stop()
            await health.close()


async def _unless(asked: asyncio.Event, work: Awaitable[object]) -> bool:
    """Do something, and break it off when the process is asked to end; whether it was done."""
    doing, asking = asyncio.ensure_future(work), asyncio.create_task(asked.wait(), name="signal")
    try:
        await asyncio.wait({doing, asking}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            doing.result()
        return doing.done()
    finally:
        for task in (doing, asking):
            task.cancel()
        await asyncio.gather(doing, asking, return_exceptions=True)


def stopping(app: FastAPI, asked: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """A server that ends in order when the process is asked to, however often.

    Args:
        app: What it serves.
        asked: Called at once when the process is asked to end.
    """
    config = uvicorn.Config(app, timeout_graceful_shutdown=ANSWERS_S, **door.settings())
    server = Server(config)
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True
        asked()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    return server


def _keep(service: DemoService, scraped: socket.socket) -> None:
    """What runs beside the pages."""
    port = MetricsPort(service.metrics)
    service.keep("metrics port", lambda: _scraped_by(port).serve(sockets=[scraped.dup()]))
    service.keep("twin", service.twin.run)


def _scraped_by(app: MetricsPort) -> uvicorn.Server:
    return Server(uvicorn.Config(app, lifespan="off", **door.settings()))


def bind(host: str, port: int) -> socket.socket:
    """Open the listening socket, so that a taken port is told before anything starts.

    Raises:
        UsageError: The port is taken or the address is not one of this machine.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} on {host} is taken", "--port 0 takes any free one"
            ) from None
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listener


def _app(
    service: DemoService, rules: Rules, headless: bool, health: Health, state_dir: Path
) -> FastAPI:
    app = FastAPI(title="gtc-demo", docs_url=None, redoc_url=None, openapi_url=None)
    routes.attach(app, service)
    routes.attach_health(app, health)
    errors.attach_last(app)
    if headless:
        app.add_middleware(Door, rules=rules)
        return app
    # nicegui, which a panel without pages does not need
    from gtc_panel.app import attach

    attach(
        app,
        service,
        rules=rules,
        health=health,
        past=lambda: service.past,
        recording=lambda: whole_show(state_dir, service.environment),
    )
    return app


async def _perform(service: DemoService, run: Run, server: uvicorn.Server) -> None:
    if not run.auto:
        return
    await _workers_ready(service)
    if service.view().mode != "auto":
        await service.auto(once=run.once)
    if not run.once:
        return
    report = await service.cycle_report()
    report["story"] = [asdict(each) for each in judge(service.environment, report["phases"])]
    if run.report is not None:
        text = json.dumps(report, indent=1) + "\n"
        await asyncio.to_thread(run.report.write_text, text, encoding="utf-8")
    server.should_exit = True


async def _workers_ready(service: DemoService) -> None:
    loop = asyncio.get_running_loop()
    give_up = loop.time() + READY_S
    while loop.time() < give_up:
        view = service.view()
        if view.mode == "auto":
            return  # the show of a panel that died goes on
        if view.mode == "manual" and all(pool.ready == pool.desired for pool in view.pools):
            return
        await asyncio.sleep(0.5)
    raise GtcError(f"the workers were not ready within {READY_S:g} s", "see gtc status")
