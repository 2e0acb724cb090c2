"""What anybody may send to a panel: REST commands and questions, headers, sockets.

The panel is the real one without pages, behind its door, over the real service on the rehearsal's
API in this process; only its load goes to a server of a few lines.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
from fastapi import FastAPI

from gtc_panel.door.door import Door
from gtc_panel.door.rules import Rules
from gtc_panel.rest import errors, routes
from tests.app.conftest import Panel, World, short_show
from tests.chaos.malformed.damage import ODD_TEXT, as_json, damaged, spoilt
from tests.chaos.malformed.kinds import Kind, Try

_COMMANDS: dict[str, Any] = {
    "workload/start": {"rps": 2, "mix": "40/30/30"},
    "workload/config": {"rps": 2, "mix": {"chat": 40, "summarization": 30, "reasoning": 30}},
    "workload/stop": {},
    "workload/undo": {},
    "scenario/hold": {"on": True},
    "scenario/extend": {},
    "scenario/next": {},
    "scenario/resume": {},
    "scenario/stop": {},
    "scenario/auto": {"once": True},
    "prescale": {"until": "2026-03-17T12:00:00+00:00"},
    "status": {},
    "health2": {},
}
_ANSWERS = (200, 307, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 503)
_HARMLESS = ("workload/start", "workload/config", "scenario/hold", "prescale", "status", "x")
"""Most inputs go here: a show that begins takes its time, and is no input."""


@contextmanager
def _rest() -> Iterator[Try]:
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        stack = AsyncExitStack()
        client = runner.run(_panel(stack, Path(folder)))

        def attempt(random: Random) -> str:
            return runner.run(_ask(client, random))

        try:
            yield attempt
        finally:
            runner.run(stack.aclose())


async def _panel(stack: AsyncExitStack, folder: Path) -> httpx.AsyncClient:
    world = World(short_show(), folder)
    await world.start()
    stack.push_async_callback(world.stop)
    panel = Panel(world)
    await panel.start()
    stack.push_async_callback(panel.service.stop)
    await panel.until_mode("manual")
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    routes.attach(app, panel.service)
    errors.attach_last(app)
    app.add_middleware(Door, rules=Rules())
    transport = httpx.ASGITransport(app)  # whatever the application raises comes out here
    client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")
    return await stack.enter_async_context(client)


async def _ask(client: httpx.AsyncClient, random: Random) -> str:
    name = random.choice(_HARMLESS if random.random() < 0.9 else tuple(_COMMANDS))
    body = as_json(spoilt(random, _COMMANDS.get(name, {})))
    if random.random() < 0.4:
        body = damaged(random, body)
    headers = {b"content-type": random.choice((b"application/json", b"text/plain", b"", b"x/y;z"))}
    if random.random() < 0.2:
        odd = random.choice(ODD_TEXT).encode("utf-8", "replace")[:500]
        header = random.choice(
            (b"host", b"origin", b"user-agent", b"cookie", b"sec-fetch-site", b"x")
        )
        headers[header] = odd.replace(b"\n", b" ")
    path = f"/api/{name}"
    if random.random() < 0.1:
        path += httpx.URL("/", params={"a": random.choice(ODD_TEXT)[:500]}).raw_path.decode()
    method = random.choice(("POST", "POST", "POST", "POST", "PUT", "GET", "DELETE"))
    answer = await client.request(method, path, content=body, headers=headers)
    assert answer.status_code in _ANSWERS, (
        f"{method} {name}: {answer.status_code} {answer.text[:200]}"
    )
    if answer.status_code == 200:
        json.loads(answer.content, parse_constant=_refuse)
        return "taken"
    if answer.headers.get("content-type") == "application/json":
        words = answer.json()
        assert set(words) == {"error", "hint"}
        assert "\n" not in words["error"]
    assert "Traceback" not in answer.text
    return "refused"


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


KINDS = (Kind("rest", _rest),)
