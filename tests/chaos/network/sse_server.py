"""An OpenAI-like server of a few lines that streams short answers and counts what it does.

Run as `python -m tests.chaos.network.sse_server SEED` it stands behind a proxy with faults: it
prints the proxy's port, breaks connections once it reads a line, and at the end of its input prints
what it counted as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

import uvloop

from tests.chaos.network.faults import (
    Bandwidth,
    Fault,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
)
from tests.chaos.network.proxy import Placed, Proxy, sometimes

ANSWERS = 5
"""Answers on one connection; after that the server closes it."""
TOKENS = (3, 8)
ANSWER_BYTES = 1500
FAULTY_SHARE = 0.05 * ANSWERS
"""Of the connections; each breaks or slows one answer of its five, or all of them a little."""
DOWN_EVERY_S, DOWN_S = 8.0, 0.1
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"


class Counted:
    """What the server saw and did.

    Attributes:
        asked: Requests that came whole.
        answered: Answers handed to the kernel whole, by their tokens.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.answered: Counter[int] = Counter()


class Server(asyncio.Protocol):
    """One connection. An answer goes out in three parts, milliseconds apart."""

    def __init__(self, counted: Counted, random: Random) -> None:
        self._counted, self._random = counted, random
        self._buffer = b""
        self._answers = 0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        if len(rest) >= length:
            self._buffer = rest[length:]
            self._answer(json.loads(rest[:length]))

    def _answer(self, body: dict[str, Any]) -> None:
        self._counted.asked += 1
        self._answers += 1
        tokens = min(self._random.randint(*TOKENS), body["max_tokens"])
        last = self._answers == ANSWERS
        head = _HEAD + (b"Connection: close\r\n\r\n" if last else b"\r\n")
        words = [_frame({"content": f"w{at} "}) for at in range(tokens)]
        usage = {"prompt_tokens": 50, "completion_tokens": tokens}
        end = [_frame({}, "stop"), _frame(None, usage=usage), _chunk(b"data: [DONE]\n\n")]
        loop = asyncio.get_running_loop()
        self._transport.write(head + words[0])
        loop.call_later(0.002, self._write, b"".join(words[1:]))
        loop.call_later(0.004, self._end, b"".join((*end, b"0\r\n\r\n")), tokens, last)

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def _end(self, data: bytes, tokens: int, last: bool) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(data)
        self._counted.answered[tokens] += 1
        if last:
            self._transport.close()


def _chunk(payload: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def _frame(
    delta: dict[str, str] | None, finish: str | None = None, usage: dict[str, int] | None = None
) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    data = {"id": "1", "object": "chat.completion.chunk", "choices": choices, "usage": usage}
    return _chunk(b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n")


def one_fault(random: Random) -> Sequence[Placed]:
    """Any of the faults of a connection, its numbers drawn."""
    somewhere = random.randint(0, ANSWERS * ANSWER_BYTES)
    to_client: list[Fault] = [
        ResetPeer(after_bytes=somewhere),
        ResetPeer(after_s=random.uniform(0, 0.05)),
        LimitData(after_bytes=somewhere),
        Timeout(),
        Timeout(after_s=random.uniform(0, 0.1)),
        Latency(delay_s=0.02, jitter_s=0.02),
        Slicer(most_bytes=64),
        Bandwidth(bytes_per_s=100_000),
        SlowClose(delay_s=0.2),
    ]
    to_server: list[Fault] = [
        LimitData(after_bytes=random.randint(0, 3000)),
        ResetPeer(after_bytes=random.randint(0, 3000)),
        Slicer(most_bytes=100),
    ]
    number = random.randrange(len(to_client) + len(to_server))
    if number < len(to_client):
        return [Placed(to_client[number])]
    return [Placed(to_server[number - len(to_client)], to="server")]


async def main(seed: int) -> None:
    """Serve until the end of standard input."""
    counted, random, loop = Counted(), Random(seed), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(counted, random), "127.0.0.1", 0, backlog=1024)
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async with Proxy(server.sockets[0].getsockname()[1], seed=seed) as proxy:
        print(proxy.port, flush=True)  # noqa: T201  # this is how its parent learns it
        await commands.readline()
        drawn: Counter[str] = Counter()

        def draw(random: Random) -> Sequence[Placed]:
            placed = one_fault(random)
            drawn.update(type(each.fault).__name__ for each in placed)
            return placed

        proxy.switch(sometimes(FAULTY_SHARE, draw))
        outages = asyncio.create_task(_outages(proxy, drawn))
        await commands.read()
        proxy.switch()
        outages.cancel()
        with suppress(asyncio.CancelledError):
            await outages
    told = {
        "asked": counted.asked,
        "answered": counted.answered,
        "connections": proxy.accepted,
        "faults": drawn,
        "struck": proxy.struck,
    }
    print(json.dumps(told), flush=True)  # noqa: T201


async def _outages(proxy: Proxy, drawn: Counter[str]) -> None:
    """The port is closed for a moment, now and then, and everything on it is cut."""
    while True:
        await asyncio.sleep(DOWN_EVERY_S)
        drawn["Down"] += proxy.open
        await proxy.down()
        await asyncio.sleep(DOWN_S)
        await proxy.up()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(main(int(sys.argv[1])))
