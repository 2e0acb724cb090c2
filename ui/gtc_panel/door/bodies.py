"""Bodies of requests: read whole before anything else sees them, small and soon."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import Message, Receive, Scope

from gtc_panel.door.origins import header

BODY_BYTES: Final = 64 * 1024
"""The largest command has a few hundred."""
BODY_S: Final = 5.0
"""Longest time for a body to arrive."""


class TooLargeError(Exception):
    """More than `BODY_BYTES`; nothing beyond was read."""


class TooSlowError(Exception):
    """Not whole after `BODY_S`."""


async def whole(scope: Scope, receive: Receive) -> Receive:
    """Read a body, and give back what the application may receive it from.

    Raises:
        TooLargeError: It is, or says that it will be.
        TooSlowError: It does not arrive.
    """
    if any(not each.isdigit() or int(each[:9]) > BODY_BYTES for each in _lengths(scope)):
        raise TooLargeError
    if scope["method"] in ("GET", "HEAD"):
        return receive
    try:
        async with asyncio.timeout(BODY_S):
            message = await _read(receive)
    except TimeoutError:
        raise TooSlowError from None
    return _replayed(message, receive)


def _lengths(scope: Scope) -> list[str]:
    return header(scope, b"content-length")


async def _read(receive: Receive) -> Message:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message  # the client went away
        body += message.get("body", b"")
        if len(body) > BODY_BYTES:
            raise TooLargeError
        if not message.get("more_body", False):
            return {"type": "http.request", "body": bytes(body), "more_body": False}


def _replayed(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
