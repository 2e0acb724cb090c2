"""A small HTTP server on a free port of loopback, for everything that a stand-in answers."""

import contextlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.digitalocean.answers import Answer

Handle = Callable[[str, str, bytes, str], Answer]
"""Method, target, body and bearer token of a request to its answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    handle_request: Handle

    def act(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        told = type(self).handle_request(self.command, self.path, raw, token)
        with contextlib.suppress(OSError):  # the caller need not have waited
            self.say(told)

    def say(self, told: Answer) -> None:
        text = isinstance(told.body, str)
        data = told.body if text else "" if told.body is None else json.dumps(told.body)
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain" if text else "application/json")
        self.send_header("Content-Length", str(len(data.encode())))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing; journals tell."""


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a hanging answer does not hold up the end of a test

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hung up is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def served(handle: Handle, port: int = 0) -> Iterator[str]:
    """Answer requests until the end of the block; gives the address."""
    how = {f"do_{method}": _Handler.act for method in METHODS}
    handler = type("Handler", (_Handler,), {"handle_request": staticmethod(handle), **how})
    server = _Server(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
