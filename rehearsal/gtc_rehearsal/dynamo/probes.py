"""Asking processes on localhost how they are."""

from __future__ import annotations

import json

import aiohttp

ANSWER_S = 2.0
"""How long one answer may take; a slower one counts as none."""


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
