"""A small application behind the real door on a real port, and requests as they stand."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import uvicorn
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import Response, StreamingResponse

from gtc_panel.door.door import Door
from gtc_panel.door.listener import settings
from gtc_panel.door.rules import Rules

UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
HERE = "Host: 127.0.0.1:{port}"
LARGE = 16 << 20
"""More than the kernel keeps for who does not read."""


@dataclass
class House:
    """What is behind the door, and what came through."""

    host: str
    port: int
    pressed: list[str] = field(default_factory=list)
    pages: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, line: str, *headers: str, body: bytes = b"") -> tuple[int, str]:
        """Send a request as it stands; status and the whole answer in small letters."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            text = "\r\n".join([f"{line} HTTP/1.1", *headers, "", ""])
            writer.write(text.replace("{port}", str(self.port)).encode() + body)
            return await answered(reader)
        finally:
            writer.close()


async def answered(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and the whole of one answer in small letters; 0 when there is none."""
    async with asyncio.timeout(15):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length: ")[2].partition("\r\n")[0]
        body = await reader.readexactly(int(length)) if length else b""
    return int(head.split()[1]), head + body.decode()


@contextlib.asynccontextmanager
async def house(
    rules: Rules | None = None, host: str = "127.0.0.1", listener: socket.socket | None = None
) -> AsyncIterator[House]:
    """The application, served."""
    app, here = FastAPI(openapi_url=None), House(host, 0)

    @app.get("/")
    def page() -> str:
        here.pages += 1
        return "page"

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.get("/held")
    async def answered_late() -> str:
        await here.held.wait()
        return "late"

    @app.get("/large")
    async def large() -> Response:
        return Response(bytes(LARGE))

    @app.get("/parts")
    async def parts() -> Response:
        return StreamingResponse(bytes(1 << 16) for _ in range(LARGE >> 16))

    @app.post("/api/{rest:path}")
    async def press(rest: str, request: Request) -> str:
        await request.body()
        here.pressed.append(rest)
        return "pressed"

    @app.websocket("/ws")
    async def socket(connection: WebSocket) -> None:
        await connection.accept()
        with contextlib.suppress(Exception):
            await connection.receive_text()

    app.add_middleware(Door, rules=rules, pages=["/"])
    config = uvicorn.Config(app, host=host, port=0, lifespan="off", **settings())
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener] if listener else None))
    while not server.started:
        await asyncio.sleep(0.01)
    here.port = (listener or server.servers[0].sockets[0]).getsockname()[1]
    try:
        yield here
    finally:
        here.held.set()
        server.should_exit = server.force_exit = True
        await task
