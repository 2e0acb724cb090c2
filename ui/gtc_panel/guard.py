"""The door: which browser pages and which host names may talk to this server, for HTTP and sockets.

The page library's socket accepts any Origin and runs UI events without a cookie, so a page that
the presenter has open in another tab could press the buttons. The Host list also stops DNS
rebinding. A client that is not a browser sends no Origin and is let through: it cannot be tricked
by a foreign page. This module must not know pages.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Read-only paths that a kubelet or Prometheus asks by pod address, so any Host may name them."""

HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (
        b"content-security-policy",
        b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
        b"object-src 'none'; base-uri 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
"""Added to every response. The page library compiles templates in the browser: unsafe-eval."""


def allowed_hosts(bound_host: str, extra: Collection[str] = ()) -> frozenset[str]:
    """Host names that may appear in a Host header: loopback, the bound one and ``extra``.

    A wildcard address names nobody and adds nothing.
    """
    bound = {bound_host} - {"", "0.0.0.0", "::"}  # noqa: S104
    return LOOPBACK | {name.strip("[]").lower() for name in (*bound, *extra)}


class Guard:
    """ASGI middleware; refuses with 403 before anything else sees the request.

    Args:
        app: The application behind the door.
        hosts: Names that a Host header may carry, without port; see `allowed_hosts`.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = LOOPBACK) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        reason = refusal(scope, self._hosts)
        if not reason:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await _refuse(scope, send, reason)


def refusal(scope: Scope, hosts: Collection[str]) -> str:
    """Why a request is refused, one line; empty when it may pass."""
    host_headers = _header(scope, b"host")
    origins = _header(scope, b"origin")
    if len(host_headers) != 1 or len(origins) > 1:
        return "one host header and at most one origin are allowed"
    host = _authority(f"http://{host_headers[0]}")
    if host is None:
        return f"host {host_headers[0][:80]!r} is not a host name"
    if origins:
        origin = _authority(origins[0])
        if origin is None or origin != host:
            return f"origin {origins[0][:80]!r} is foreign, allowed: this page's own"
    is_probe = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in PROBES
    if host[0] not in hosts and not is_probe:
        return f"host {host[0][:80]!r} is unknown, allowed: {', '.join(sorted(hosts))}"
    return ""


def _header(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _authority(url: str) -> tuple[str, int] | None:
    """Host and port of ``scheme://host[:port]``; None for anything else, ``null`` included."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    extra = parts.path or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or extra:
        return None
    # a TLS proxy in front makes the page https while Host carries no port: one default for both
    return parts.hostname.lower(), 80 if port is None or port == 443 else port


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in HEADERS}
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in ours]
            message = {**message, "headers": [*kept, *HEADERS]}
        await send(message)

    return wrapped


async def _refuse(scope: Scope, send: Send, reason: str) -> None:
    body, kind = f"refused: {reason}\n".encode(), b"text/plain; charset=utf-8"
    if scope["path"].startswith("/api/"):
        hint = "open the panel under a name that it knows"
        body = json.dumps({"error": f"refused: {reason}", "hint": hint}).encode()
        kind = b"application/json"
    headers = [(b"content-type", kind), *HEADERS]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
