"""Bytes on the panel's port: requests and sockets, their heads and their frames damaged.

The listener and the door are the real ones; behind them is a small application. What the server
says of itself in its log, or what its loop was not told, is a fault. After each input a plain
request has to be answered, and nothing of the input may still be at work: a hang is its own.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

from starlette.requests import ClientDisconnect

from tests.attacks.raw import HERE, UPGRADE, House, house
from tests.chaos.malformed.damage import damaged
from tests.chaos.malformed.kinds import Kind, Try

_LISTEN_S = 0.03
"""So long an answer is waited for: most damaged requests are waited out by the server."""


class _Faults(logging.Handler):
    """Remembers what was logged with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        # what the small application here lets out, the routes of the panel answer with 400
        if error is not None and not isinstance(error, ClientDisconnect):
            self.seen.append(error)


def _frame(random: Random, payload: bytes) -> bytes:
    """A frame of a WebSocket as a client sends it, some of its bits drawn."""
    first = random.choice((0x81, 0x82, 0x88, 0x89, 0x8A, 0x01, 0x00, 0xFF, 0xC1))
    length = random.choice((len(payload), 0, 125, 126, 127))
    head = bytes([first, (0x80 if random.random() < 0.8 else 0) | min(length, 127)])
    if length == 126:
        head += struct.pack("!H", random.choice((0, len(payload) % 65536, 65535)))
    elif length == 127:
        head += struct.pack("!Q", random.choice((0, 2**63, 2**31, len(payload))))
    return head + b"\x00\x00\x00\x00" + payload


def _bytes(random: Random, port: int) -> bytes:
    head = [f"Host: 127.0.0.1:{port}"]
    if random.random() < 0.5:
        lines = ["GET /ws HTTP/1.1", *head, *UPGRADE, "", ""]
        sent = "\r\n".join(lines).encode()
        sent = damaged(random, sent) if random.random() < 0.3 else sent
        return sent + b"".join(_frame(random, damaged(random, b"hello")[:5000]) for _ in range(3))
    body = b'{"rps": 2}'
    lines = ["POST /api/x HTTP/1.1", *head, f"Content-Length: {len(body)}", "", ""]
    return damaged(random, "\r\n".join(lines).encode() + body)


async def _sent(port: int, data: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with suppress(ConnectionError, TimeoutError):
        writer.write(data[:300_000])
        async with asyncio.timeout(_LISTEN_S):
            answer = await reader.read(12)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return answer[9:12].decode("latin-1") or "no answer"


async def _tried(here: House, data: bytes, idle: int) -> str:
    """What a damaged input is answered with, once the server is done with it and answers others."""
    word = await _sent(here.port, data)
    status, _ = await here.ask("GET /healthz", HERE, "Connection: close")
    assert status == 200, f"a plain request after it is answered with {status}"
    while len(asyncio.all_tasks()) > idle + 1:
        await asyncio.sleep(0.001)
    return word


@contextmanager
def _sockets() -> Iterator[Try]:
    faults, log = _Faults(), logging.getLogger("uvicorn.error")
    before = logging.root.manager.disable
    with asyncio.Runner() as runner:
        opened = house()
        here = runner.run(opened.__aenter__())

        idle = len(asyncio.all_tasks(runner.get_loop()))

        def uncaught(_loop: Any, context: dict[str, Any]) -> None:
            faults.seen.append(context.get("exception") or AssertionError(context["message"]))

        runner.get_loop().set_exception_handler(uncaught)
        log.addHandler(faults)
        logging.disable(logging.NOTSET)

        def attempt(random: Random) -> str:
            answer = runner.run(_tried(here, _bytes(random, here.port), idle))
            if faults.seen:
                error = faults.seen[0]
                faults.seen.clear()
                raise error
            return answer

        try:
            yield attempt
        finally:
            logging.disable(before)
            log.removeHandler(faults)
            runner.run(opened.__aexit__(None, None, None))


KINDS = (Kind("sockets", _sockets),)
