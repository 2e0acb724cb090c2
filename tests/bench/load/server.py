"""The mock server as the benchmark sees it: how it should answer, and what it says it did."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from tests.bench.load import build, machine

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Answer:
    """One answer as the server knows it. Times are CLOCK_MONOTONIC in ns; 0 is never.

    Attributes:
        serial: Number of the request; it is in the id of every frame and in the first text.
        tokens: Tokens of the whole answer.
        frames: Frames that were sent.
        received: When the whole request was there.
        first, last: When the first and the last frame were sent.
        blocked: Sends that the socket did not take whole: the client did not read.
    """

    serial: int
    tokens: int
    frames: int
    received: int
    first: int
    last: int
    blocked: int


class MockServer:
    """One running server; leave the context to end it.

    Args:
        core: The core it runs on.
    """

    def __init__(self, core: int = machine.SERVER_CORE) -> None:
        self._process = machine.start(
            [str(build.program("server")), "0"],
            core,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        word, _, port = self._process.stdout.readline().decode().partition(" ")
        if word != "ready":
            raise RuntimeError("the mock server did not start")
        self.port = int(port)
        self._defaults = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(TIMEOUT_S)

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.port}"

    def answer_with(self, **settings: float) -> None:
        """Forget what was recorded and answer like this; what is not named is off (see settings.c).

        Times are milliseconds.
        """
        chosen = _DEFAULTS | settings
        self._get("/ctl?" + "&".join(f"{name}={value:g}" for name, value in chosen.items()))
        self._get("/reset")

    def stats(self) -> dict[str, Any]:
        """Totals since `answer_with`."""
        return dict(json.loads(self._get("/stats")))

    def log(self) -> list[Answer]:
        """Every answer that ended, in order of the requests' arrival."""
        lines = self._get("/log").decode().splitlines()
        return sorted(
            (Answer(*map(int, line.split())) for line in lines), key=lambda each: each.received
        )

    def times(self) -> dict[int, np.ndarray]:
        """Send time of every frame by serial; needs `keep=1`."""
        data, at = self._get("/times"), 0
        found = {}
        while at < len(data):
            serial, frames = np.frombuffer(data, "<u4", 2, at)
            found[int(serial)] = np.frombuffer(data, "<u8", int(frames), at + 8).astype(np.int64)
            at += 8 + 8 * int(frames)
        return found

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=TIMEOUT_S) as reply:
            return bytes(reply.read())


_DEFAULTS: dict[str, float] = {
    "ttft": 200,
    "ttft_jitter": 0,
    "itl": 20,
    "itl_jitter": 0,
    "ntok": 100,
    "pack": 1,
    "burst": 1,
    "usage": 1,
} | dict.fromkeys(
    (
        *("sync", "pad", "keep", "role", "close", "plain", "cut", "crlf", "ping", "gzip"),
        *("stall", "error", "event", "truncate", "status", "slots"),
    ),
    0,
)
