"""The door, seen from raw connections."""

import asyncio
import contextlib

import pytest
import uvicorn
from fastapi import FastAPI, WebSocket
from hypothesis import given
from hypothesis import strategies as st

from gtc_panel.guard import Guard, allowed_hosts, refusal


@contextlib.asynccontextmanager
async def guarded():
    """A guarded application on a free port of loopback."""
    app = FastAPI()

    @app.get("/")
    def page() -> str:
        return "page"

    @app.post("/api/start")
    def start() -> str:
        return "started"

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.websocket("/ws")
    async def socket(connection: WebSocket) -> None:
        await connection.accept()
        await connection.close()

    app.add_middleware(Guard)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def ask(port: int, line: str, *headers: str) -> tuple[int, str]:
    """Send a request byte by byte as it stands; status and head of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    text = "\r\n".join([f"{line} HTTP/1.1", *headers, "", ""])
    writer.write(text.format(port=port).encode())
    async with asyncio.timeout(3):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    return int(head.split()[1]), head.lower()


UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)

PASSES = [
    ("Host: 127.0.0.1:{port}",),
    ("Host: localhost:{port}",),
    ("Host: localhost:{port}", "Origin: http://localhost:{port}"),
    ("Host: [::1]:{port}", "Origin: http://[::1]:{port}"),
    ("Host: LOCALHOST:{port}", "Origin: http://localhost:{port}"),
]
REFUSED = [
    ("Host: localhost:{port}", "Origin: http://evil.example"),
    ("Host: localhost:{port}", "Origin: null"),
    ("Host: localhost:{port}", "Origin: http://localhost:3000"),
    ("Host: localhost:{port}", "Origin: http://127.0.0.1:{port}"),
    ("Host: localhost:{port}", "Origin: http://localhost:{port}@evil.example"),
    ("Host: localhost:{port}", "Origin: http://localhost:{port}", "Origin: http://evil.example"),
    ("Host: evil.example:{port}",),
    ("Host: evil.example:{port}", "Origin: http://evil.example:{port}"),
    ("Host: localhost.evil.example:{port}",),
]


async def test_our_own_pages_and_plain_clients_pass_by_http_and_by_socket():
    async with guarded() as port:
        for headers in PASSES:
            assert (await ask(port, "GET /", *headers))[0] == 200
            assert (await ask(port, "POST /api/start", *headers))[0] == 200
            assert (await ask(port, "GET /ws", *headers, *UPGRADE))[0] == 101


async def test_foreign_pages_and_foreign_names_are_refused_by_http_and_by_socket():
    async with guarded() as port:
        for headers in REFUSED:
            assert (await ask(port, "GET /", *headers))[0] == 403
            assert (await ask(port, "POST /api/start", *headers))[0] == 403
            # the server itself answers 400 to a handshake with two origins
            assert (await ask(port, "GET /ws", *headers, *UPGRADE))[0] in (400, 403)


async def test_every_answer_forbids_framing_guessing_and_telling_where_one_came_from():
    async with guarded() as port:
        for path, host in (("/", "localhost"), ("/nothing", "localhost"), ("/", "evil.example")):
            _, head = await ask(port, f"GET {path}", f"Host: {host}:{{port}}")

            assert "frame-ancestors 'none'" in head
            assert "x-content-type-options: nosniff" in head
            assert "referrer-policy: no-referrer" in head


async def test_probes_may_name_the_pod_by_its_address_but_nothing_else_may():
    async with guarded() as port:
        assert (await ask(port, "GET /healthz", "Host: 10.0.0.7:{port}"))[0] == 200
        assert (await ask(port, "GET /", "Host: 10.0.0.7:{port}"))[0] == 403
        foreign = ("Host: 10.0.0.7:{port}", "Origin: http://evil.example")
        assert (await ask(port, "GET /healthz", *foreign))[0] == 403


def test_a_bound_address_is_allowed_and_a_wildcard_names_nobody():
    assert "192.0.2.4" in allowed_hosts("192.0.2.4")
    assert allowed_hosts("0.0.0.0") == allowed_hosts("::") == allowed_hosts("127.0.0.1")
    assert "panel.example" in allowed_hosts("127.0.0.1", ["Panel.example"])


@pytest.mark.parametrize("origin", [b"https://panel.example", b"https://panel.example:443"])
def test_a_page_behind_a_tls_proxy_is_its_own(origin):
    headers = [(b"host", b"panel.example"), (b"origin", origin)]
    scope = {"type": "websocket", "path": "/", "headers": headers}

    assert refusal(scope, {"panel.example"}) == ""


@given(st.lists(st.tuples(st.sampled_from([b"host", b"origin"]), st.binary(max_size=40))))
def test_whatever_the_headers_hold_there_is_an_answer_and_only_known_hosts_pass(headers):
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}

    passed = refusal(scope, {"localhost"}) == ""

    hosts = [value for name, value in headers if name == b"host"]
    assert not passed or (len(hosts) == 1 and hosts[0].lower().split(b":")[0] == b"localhost")
