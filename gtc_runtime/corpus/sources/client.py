"""Fetches pages the way sites ask to be asked: one after the other, named, patient, and only once.

Pages that were fetched are kept, so that a build that was broken off does not ask again.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self

import aiohttp

from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.store import NotInStoreError
from gtc_spec.errors import GtcError

ATTEMPTS: Final = 4
PAGE_S: Final = 60.0
"""Deadline of one page."""
WAIT_MAX_S: Final = 60.0
"""Longest wait before another try, whatever the site asks for."""
PAGE_BYTES_MAX: Final = 30 * 2**20
"""The longest 10-K filings have about 15 MB of markup."""
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE: Final = frozenset({404, 410})


class SourceError(GtcError):
    """A site does not answer, refuses, or answers something else."""

    exit_code = 3


class MissingPageError(SourceError):
    """The site has no such page; others may be there."""


class PoliteClient:
    """Fetches pages of one site. Use as an async context manager.

    Args:
        site: What it is called in sentences.
        interval_s: Shortest time between two requests.
        user_agent: Who asks, with a way to reach them.
        pages: Directory for what was fetched.
        sleep: Waits; tests need not.
    """

    def __init__(
        self,
        site: str,
        interval_s: float,
        user_agent: str,
        pages: Path,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._site, self._interval_s, self._sleep = site, interval_s, sleep
        self._headers = {"User-Agent": user_agent}
        self._pages = DirectoryStore(pages)
        self._next_s = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str, kinds: tuple[str, ...]) -> str:
        """The text of a page.

        Args:
            url: Its address.
            kinds: Media types that it may have, such as ``text/plain``.

        Raises:
            MissingPageError: There is no such page.
            SourceError: It cannot be had, after `ATTEMPTS` tries where trying again makes sense.
        """
        key = hashlib.sha256(url.encode()).hexdigest()
        with suppress(NotInStoreError):
            return self._pages.get(key).decode()
        text = await self._fetch(url, kinds)
        self._pages.put(key, text.encode())
        return text

    async def _fetch(self, url: str, kinds: tuple[str, ...]) -> str:
        why = ""
        for attempt in range(ATTEMPTS):
            await self._take_turn()
            wait_s = min(WAIT_MAX_S, 2.0**attempt * random.uniform(0.75, 1.25))
            try:
                async with asyncio.timeout(PAGE_S), self._open(url) as response:
                    if response.status not in _TRY_AGAIN:
                        return await self._text(url, response, kinds)
                    why = f"status {response.status}"
                    wait_s = _retry_after_s(response.headers.get("Retry-After"), wait_s)
            except TimeoutError:
                why = f"no answer within {PAGE_S:g} s"
            except (aiohttp.ClientError, OSError) as error:
                why = str(error).split("\n")[0] or type(error).__name__
            if attempt < ATTEMPTS - 1:
                await self._sleep(wait_s)
        raise SourceError(
            f"{self._site}: cannot fetch {url}: {why}",
            "repeat the command, it goes on from here; --offline needs no site",
        )

    def _open(self, url: str) -> aiohttp.client._RequestContextManager:
        if self._session is None:
            raise RuntimeError("the client is not open")
        return self._session.get(url)

    async def _text(
        self, url: str, response: aiohttp.ClientResponse, kinds: tuple[str, ...]
    ) -> str:
        if response.status in _GONE:
            raise MissingPageError(f"{self._site}: there is no {url}")
        if response.status != HTTPStatus.OK:
            raise SourceError(
                f"{self._site}: refused {url} with status {response.status}",
                "set GTC_CONTACT to an address of yours, or use --offline",
            )
        if response.content_type not in kinds:
            raise SourceError(
                f"{self._site}: {url} is {response.content_type}, wanted {' or '.join(kinds)}"
            )
        body = bytearray()
        async for chunk in response.content.iter_chunked(2**16):
            body += chunk
            if len(body) > PAGE_BYTES_MAX:
                raise SourceError(
                    f"{self._site}: {url} has more than {PAGE_BYTES_MAX // 2**20} MiB"
                )
        return bytes(body).decode(response.charset or "utf-8", errors="replace")

    async def _take_turn(self) -> None:
        wait_s = self._next_s - time.monotonic()
        if wait_s > 0:
            await self._sleep(wait_s)
        self._next_s = time.monotonic() + self._interval_s


def _retry_after_s(header: str | None, otherwise_s: float) -> float:
    """How long a site asks us to wait, bounded."""
    if header is None:
        return otherwise_s
    if header.strip().isdecimal():
        return min(WAIT_MAX_S, float(header))
    with suppress(ValueError):
        until = parsedate_to_datetime(header)
        return min(WAIT_MAX_S, max(0.0, (until - datetime.now(UTC)).total_seconds()))
    return otherwise_s
