"""A small OpenAI-compatible server on loopback whose manners a test decides."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gtc_cli.load.probe.probe import QUESTION


@dataclass
class Manners:
    """How the server behaves, and what it has seen.

    Attributes:
        models: Served names; None has no list.
        serves_any: Whether models that are not listed are served too.
        key: Wanted bearer token; empty wants none.
        takes_ignore_eos: Whether `ignore_eos` is accepted.
        ttft_s, itl_s, tokens: Shape of every answer.
        status: Answer completions with this status.
        refuses: Looks at a request for a completion; a status and words refuse it.
        running: Say in every frame how many tokens came so far.
        per_frame: Tokens that a frame brings.
        aborts_every: Every so many-th answer of the load ends with `abort`; 0 for none.
        tail_s: The body stays open for so long behind `[DONE]`.
        paths: Paths and queries of all requests.
        busy_after: Refuse requests of the load with 503 after so many; None takes all.
        headers, paths: Of every completion that was asked for, the probe included.
        seen: Requests of the load, in order; the probe is not among them.
        first_s: When the first request of any kind arrived, seconds of CLOCK_MONOTONIC.
    """

    models: list[str] | None = field(default_factory=lambda: ["m"])
    serves_any: bool = False
    key: str = ""
    takes_ignore_eos: bool = True
    ttft_s: float = 0.01
    itl_s: float = 0.002
    tokens: int = 5
    status: int = 200
    refuses: Callable[[dict], tuple[int, str] | None] = lambda body: None
    running: bool = False
    per_frame: int = 1
    aborts_every: int = 0
    tail_s: float = 0.0
    paths: list[str] = field(default_factory=list)
    busy_after: int | None = None
    headers: list[dict] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    seen: list[dict] = field(default_factory=list)
    first_s: float | None = None
    url: str = ""

    def unserved(self, model: str) -> bool:
        """Whether a model is refused."""
        return self.models is not None and model not in self.models and not self.serves_any


@contextmanager
def serve(manners: Manners, tls: tuple[Path, Path] | None = None) -> Iterator[Manners]:
    """Run a server; `manners.url` is its address."""

    class Handler(_Handler):
        told = manners

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # connections are opened ahead, many at once

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    manners.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    try:
        yield manners
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    told: Manners
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.told.paths.append(self.path)
        if not self._may():
            return
        if self.told.models is None:
            self._say(404, {"error": "not found"})
        else:
            self._say(200, {"data": [{"id": name} for name in self.told.models]})

    def do_POST(self) -> None:
        self.told.paths.append(self.path)
        if self.told.first_s is None:
            self.told.first_s = time.monotonic()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.told.headers.append(dict(self.headers))
        self.told.paths.append(self.path)
        if not self._may():
            return
        if self.told.unserved(body["model"]):
            self._say(404, {"error": {"message": f"no model {body['model']}"}})
        elif "ignore_eos" in body and not self.told.takes_ignore_eos:
            self._say(400, {"error": {"message": "ignore_eos is not permitted"}})
        elif refused := self.told.refuses(body):
            self._say(refused[0], {"error": {"message": refused[1]}})
        elif self.told.status != 200:
            self._say(self.told.status, {"error": {"message": "not today"}})
        elif self.told.busy_after is not None and len(self.told.seen) >= self.told.busy_after:
            self._say(503, {"error": {"message": "busy"}})
        else:
            asked = body["prompt"] if "prompt" in body else body["messages"][-1]["content"]
            if not asked.endswith(QUESTION):
                self.told.seen.append(body)
            length = body.get("max_tokens") or body.get("max_completion_tokens") or 1
            self._answer(min(length, self.told.tokens))

    def _may(self) -> bool:
        given = self.headers.get("Authorization", "")
        if self.told.key and given != f"Bearer {self.told.key}":
            self._say(401, {"error": {"message": f"bad key: {given.removeprefix('Bearer ')}"}})
            return False
        return True

    def _say(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _answer(self, tokens: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        time.sleep(self.told.ttft_s)
        for token in range(tokens):
            if token % self.told.per_frame:
                continue
            if token:
                time.sleep(self.told.itl_s)
            frame = {"choices": [{"index": 0, "delta": {"content": f"w{token} "}}]}
            counted = (
                {"usage": {"completion_tokens": min(token + self.told.per_frame, tokens)}}
                if self.told.running
                else {}
            )
            self._frame(frame | counted)
        self._frame({"choices": [{"index": 0, "delta": {}, "finish_reason": self._reason()}]})
        usage = {"prompt_tokens": 100, "completion_tokens": tokens}
        self._frame({"choices": [], "usage": usage})
        self._chunk(b"data: [DONE]\n\n")
        time.sleep(self.told.tail_s)
        self._chunk(b"")

    def _reason(self) -> str:
        every = self.told.aborts_every
        return (
            "abort" if every and self.told.seen and len(self.told.seen) % every == 0 else "length"
        )

    def _frame(self, data: object) -> None:
        self._chunk(b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
