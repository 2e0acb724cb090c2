"""What the door itself answers, and the headers that it puts on every answer."""

from __future__ import annotations

import json
from typing import Final

from starlette.types import Message, Scope, Send

from gtc_panel.plain_page import document

HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (
        b"content-security-policy",
        b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
        b"base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), "
        b"screen-wake-lock=(self), fullscreen=(self)",
    ),
)
"""On every answer. The page library compiles templates in the browser: unsafe-eval."""

_AGAIN: Final = ("Many pages are being opened; this one tries again by itself.",)


def with_headers(send: Send) -> Send:
    """Add `HEADERS` to whatever is answered, in place of the application's own."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in HEADERS}
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in ours]
            message = {**message, "headers": [*kept, *HEADERS]}
        await send(message)

    return wrapped


async def refuse(
    scope: Scope, send: Send, status: int, reason: str, hint: str, *, close: bool = False
) -> None:
    """Answer a request, or a socket's handshake, with one line of refusal.

    Args:
        scope: What is refused.
        send: Where the answer goes.
        status: Of the answer.
        reason: The line; below ``/api`` in the form of all errors there.
        hint: What helps.
        close: End the connection: what is left of the body will not be read.
    """
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": reason[:120]})
        return
    body, kind = f"refused: {reason}; {hint}\n".encode(), b"text/plain; charset=utf-8"
    if scope["path"].startswith("/api/"):
        body = json.dumps({"error": f"refused: {reason}", "hint": hint}).encode()
        kind = b"application/json"
    await answer(send, status, body, kind, *([(b"connection", b"close")] if close else []))


async def come_again(send: Send, retry_s: int) -> None:
    """Answer 429 with a page that asks again by itself, so that a display comes back."""
    again = f"<script>setTimeout(() => location.reload(), {retry_s * 1000})</script>"
    body = document("One moment", _AGAIN, again).encode()
    more = ((b"retry-after", str(retry_s).encode()), (b"cache-control", b"no-store"))
    await answer(send, 429, body, b"text/html; charset=utf-8", *more)


async def answer(
    send: Send, status: int, body: bytes, kind: bytes, *more: tuple[bytes, bytes]
) -> None:
    """Send a whole answer."""
    length = str(len(body)).encode()
    headers = [(b"content-type", kind), (b"content-length", length), *more, *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
