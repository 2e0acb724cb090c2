"""The port for Prometheus: one page of text by any name, and nothing to look at or to press."""

import asyncio
import contextlib

import uvicorn

from gtc_panel.door import listener
from gtc_panel.door.metrics_port import MetricsPort
from tests.attacks.raw import UPGRADE, House


@contextlib.asynccontextmanager
async def scraped():
    app = MetricsPort(lambda: (b"gtc_up 1\n", "text/plain; version=0.0.4"))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", **listener.settings())
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield House("127.0.0.1", server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        await task


async def test_prometheus_reads_it_by_the_address_of_the_pod():
    async with scraped() as port:
        status, told = await port.ask("GET /metrics", "Host: 10.0.0.7:8081")

        assert status == 200
        assert told.endswith("gtc_up 1\n")
        assert "text/plain; version=0.0.4" in told


async def test_there_is_nothing_else():
    async with scraped() as port:
        for path in (
            "/",
            "/stage",
            "/api/status",
            "/login",
            "/metrics/",
            "/_nicegui_ws/socket.io/",
        ):
            assert (await port.ask(f"GET {path}", "Host: x"))[0] == 404, path
        for path in ("/metrics", "/api/workload/stop"):
            asked = await port.ask(f"POST {path}", "Host: x", "Content-Length: 0")
            assert asked[0] in (404, 405)
        assert (await port.ask("GET /metrics", "Host: x", *UPGRADE))[0] == 403


async def test_a_page_of_a_browser_cannot_read_it():
    async with scraped() as port:
        for header in ("Origin: http://evil.example", "Sec-Fetch-Mode: no-cors"):
            assert (await port.ask("GET /metrics", "Host: x", header))[0] == 403
