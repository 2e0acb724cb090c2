"""Serves a recording as a panel of its own: the same pages and questions, and no commands.

It must not know where the recording came from.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from gtc_panel import api, api_errors
from gtc_panel.app import attach
from gtc_panel.door import listener as door
from gtc_panel.door.origins import allowed_hosts
from gtc_panel.door.rules import Rules
from gtc_panel.recorded.replay import Replay
from gtc_panel.server import Server, bind


async def serve(replay: Replay, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        replay: What is played.
        host: Address to listen on.
        port: 0 takes any free one.
        ready: Told the address of the pages.

    Raises:
        UsageError: The port is taken.
    """
    listener = bind(host, port)
    server = Server(uvicorn.Config(pages(replay, host), **door.settings()))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)
    address, taken = listener.getsockname()[:2]
    ready(f"http://{address}:{taken}")
    try:
        await server.serve(sockets=[listener])
    finally:
        listener.close()


def pages(replay: Replay, host: str) -> FastAPI:
    """The application: pages and questions."""
    app = FastAPI(title="gtc-demo", docs_url=None, redoc_url=None)
    api.attach_questions(app, replay)
    api_errors.attach_last(app)
    attach(app, replay, rules=Rules(allowed_hosts(host)), past=replay.past)
    return app
