"""The panel over a still demo, locked and on an address that stands for one in the network.

Run as a script: ``still_panel.py HOST PORT KEY``; an empty key leaves it open. It also tells how
long its event loop was busy at a time, in seconds of its own processor time, so that a busy machine
does not count.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from nicegui import Client

from gtc_panel.app import attach
from gtc_panel.door import listener
from gtc_panel.door.key import Key
from gtc_panel.door.origins import allowed_hosts
from gtc_panel.door.rules import Rules
from gtc_runtime.actor import Actor
from tests.browser.still_demo import StillDemo

BEAT_S = 0.005


class Busy:
    """The longest time that the loop worked without looking up."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def watch(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(BEAT_S)
            self.longest_s = max(self.longest_s, time.thread_time() - before)


def serve(host: str, port: int, key: str) -> None:
    """Serve until the process is ended."""
    busy, demo = Busy(), StillDemo()

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(busy.watch())
        yield
        watching.cancel()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)

    @app.get("/still/commands")
    def commands() -> list[object]:
        return demo.commands

    @app.get("/still/busy")
    async def longest() -> dict[str, float]:
        told, busy.longest_s = busy.longest_s, 0.0
        return {"longest_s": told, "pages": len(Client.instances), "cpu_s": time.process_time()}

    @app.post("/api/workload/stop")
    async def stop() -> str:
        await demo.stop_load(by=Actor("api"))
        return "stopped"

    @app.post("/api/reset")
    async def reset() -> str:
        await demo.reset(by=Actor("api"))
        return "reset"

    attach(app, demo, rules=Rules(allowed_hosts(host), Key(key) if key else None))
    uvicorn.run(app, host=host, port=port, **listener.settings())


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
