"""A raw HTTP server on loopback whose every byte a test decides, and small load settings."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from gtc_runtime.load import native
from gtc_runtime.load.conversations.followups import CannedFollowUps
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.engine import Engine
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.settings import LoadSettings, Timeouts
from gtc_runtime.load.wire.kernel_transport import KernelTransport
from gtc_spec.serving import LoadLimits
from gtc_spec.workloads import ChatShape, SingleShape, WorkloadMix, Workloads

Script = Callable[[asyncio.StreamWriter, dict], Awaitable[None]]

REASONING = WorkloadMix(0, 0, 100)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CLOSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def frame(content: str | None, finish: str | None = None, usage: dict | None = None) -> bytes:
    delta = {"role": "assistant"} if content is None else {"content": content}
    choices = [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}]
    data = {"id": "1", "object": "chat.completion.chunk", "choices": choices, "usage": usage}
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


def chunk(payload: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def answer(tokens: int, prompt_tokens: int = 10) -> list[bytes]:
    """The frames of a whole answer as a Dynamo frontend sends them."""
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": tokens}
    return [
        frame(None),
        *(frame(f"w{i} ") for i in range(tokens)),
        frame("", finish="length"),
        frame(None, usage=usage),
        b"data: [DONE]\n\n",
    ]


async def well(writer: asyncio.StreamWriter, body: dict) -> None:
    """Answer a request in full, quickly."""
    words = sum(len(m["content"].split()) for m in body["messages"])
    writer.write(HEAD)
    for piece in answer(min(body["max_tokens"], 5), prompt_tokens=2 * words):
        writer.write(chunk(piece))
    writer.write(b"0\r\n\r\n")
    await writer.drain()


@dataclass
class RawServer:
    """Reads requests and lets a script answer; keeps connections open between them."""

    script: Script = well
    bodies: list[dict] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                self.bodies.append(body)
                await self.script(writer, body)
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    raw = RawServer()
    listener = await asyncio.start_server(raw.serve, "127.0.0.1", 0, limit=2**20)
    raw.port = listener.sockets[0].getsockname()[1]
    yield raw
    listener.close()
    for writer in raw.writers:
        writer.close()


@pytest.fixture
def settings() -> Callable[..., LoadSettings]:
    """Small, quick workloads; keyword arguments replace fields or limits."""

    def make(url: str, **changes: object) -> LoadSettings:
        limits = {
            "rps_max": 200,
            "in_flight_max": 100,
            "prompt_tokens_max": 5000,
            "max_tokens_max": 50,
            "tokens_per_word": 2.0,
        }
        limits.update({k: changes.pop(k) for k in list(changes) if k in limits})
        shapes = Workloads(
            chat=ChatShape(
                turns=(3, 5),
                context_tokens=(400, 600),
                reply_tokens=(5, 9),
                think_s=(0.02, 0.05),
            ),
            summarization=SingleShape(prompt_tokens=(1000, 2000), output_tokens=(5, 9)),
            reasoning=SingleShape(prompt_tokens=(60, 220), output_tokens=(20, 50)),
        )
        fields: dict = {
            "url": url,
            "model": "m",
            "shapes": shapes,
            "limits": LoadLimits(**limits),
            "timeouts": Timeouts(connect_s=1, first_token_s=0.4, stall_s=0.3, whole_s=2),
        }
        return LoadSettings(**(fields | changes))

    return make


class Run:
    """An engine, its records and its book."""

    def __init__(self, settings, transport, followups=None):
        self.records = []
        self.book = SliceBook()
        self.engine = Engine(
            settings,
            transport(settings.url, settings.timeouts.connect_s),
            followups or CannedFollowUps(),
            on_record=self.records.append,
        )

    async def load(self, seconds, rps=40, mix=REASONING, pacing="constant"):
        self.engine.set_load(Rate(rps=rps, mix=mix, pacing=pacing))
        await asyncio.sleep(seconds)

    async def until(self, condition, limit_s=4.0):
        async with asyncio.timeout(limit_s):
            while not condition():
                await asyncio.sleep(0.01)

    async def drain(self):
        self.engine.set_load(Rate(rps=0, mix=REASONING, pacing="constant"))
        await self.until(lambda: self.snapshot().gauges.in_flight == 0)

    def snapshot(self):
        snapshot = self.engine.snapshot()
        self.book.add(snapshot)
        return snapshot

    def totals(self):
        self.snapshot()
        return self.book.totals()["all"]

    def outcomes(self):
        return Counter(str(each.outcome) for each in self.records)


@pytest.fixture(scope="session")
def native_core():
    """The native core, compiled by `make setup` where a compiler is."""
    core, reason = native.built()
    if core is None:
        pytest.skip(f"no native core: {reason}")
    return core


@pytest.fixture(params=["native", "python"])
def core(request, monkeypatch):
    """Which core counts; a test that uses this runs with each."""
    if request.param == "native":
        request.getfixturevalue("native_core")
    monkeypatch.setenv(native.CHOICE, request.param)
    return request.param


@pytest.fixture
def transport():
    """How requests travel; a module may put another one in its place."""
    return KernelTransport


@pytest.fixture
def running(transport):
    """Runs an engine and, at the end, checks that every request that was due has its outcome."""

    @asynccontextmanager
    async def run_engine(settings, followups=None):
        run = Run(settings, transport, followups)
        run.engine.start()
        try:
            yield run
        finally:
            await run.engine.stop()
        totals = run.totals()
        assert totals.due == totals.ok + totals.shed + totals.failed_total
        assert totals.due == len(run.records)

    return run_engine
