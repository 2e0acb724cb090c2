"""Serves a recording as a panel of its own: the same pages and questions, and no commands.

It must not know where the recording came from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from fastapi import FastAPI

from gtc_panel.app import attach
from gtc_panel.door.entrance import reachable
from gtc_panel.door.origins import allowed_hosts
from gtc_panel.door.rules import Rules
from gtc_panel.recorded.replay import Replay
from gtc_panel.rest import errors, routes
from gtc_panel.server import bind, stopping


async def serve(
    replay: Replay, host: str, port: int, ready: Callable[[str], None], names: Collection[str] = ()
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        replay: What is played.
        host: Address to listen on.
        port: 0 takes any free one.
        ready: Told the address of the pages, one that other machines can use if any may.
        names: Further names of this machine that a browser may ask for.

    Raises:
        UsageError: The port is taken.
    """
    listener = bind(host, port)
    server = stopping(pages(replay, host, names))
    listener.listen()  # whoever asks at once waits instead of being refused
    ready(f"http://{reachable(host)}:{listener.getsockname()[1]}")
    try:
        await server.serve(sockets=[listener])
    finally:
        listener.close()


def pages(replay: Replay, host: str, names: Collection[str] = ()) -> FastAPI:
    """The application: pages and questions; nobody needs a key, because nothing can be pressed."""
    app = FastAPI(title="gtc-demo", docs_url=None, redoc_url=None, openapi_url=None)
    routes.attach_questions(app, replay)
    errors.attach_last(app)
    attach(app, replay, rules=Rules(allowed_hosts(host, names)), past=replay.past)
    return app
