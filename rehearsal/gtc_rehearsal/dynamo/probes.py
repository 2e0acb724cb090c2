"""Asking processes on localhost how they are, and finding ports for them."""

from __future__ import annotations

import contextlib
import json
import random
import socket

import aiohttp

from gtc_spec.errors import GtcError

ANSWER_S = 2.0
"""How long one answer may take; a slower one counts as none."""

PORTS = range(20_000, 32_000)
"""Below the kernel's ephemeral ports, and below 32,768: Dynamo parses one of its ports as a 16-bit
signed integer and ends when it does not fit."""


class Probes:
    """A small HTTP client for health and metrics pages."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def text(self, url: str) -> str | None:
        """The body behind a URL whatever the status; None when nobody answers."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S))
        try:
            async with self._session.get(url) as response:
                return await response.text()
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def document(self, url: str) -> dict[str, object] | None:
        """The JSON object behind a URL; None when there is none."""
        text = await self.text(url)
        try:
            parsed = json.loads(text) if text else None
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None

    async def close(self) -> None:
        """Close all connections; a later request opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def free_port() -> int:
    """A port on which nobody listens.

    Raises:
        GtcError: No luck in a hundred tries.
    """
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise GtcError(f"no free port between {PORTS.start} and {PORTS.stop}")
