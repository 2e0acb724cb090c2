"""Writes marks into Grafana through its annotation API, as a guest that must never disturb.

Best effort: marks wait in a short queue while Grafana is away and go out later with the times at
which things happened. A write whose answer was lost is repeated, so a mark may be there twice, one
on the other. Metrics show the same without any token (the boards draw both). It must not
know what is worth a mark.

Source: Grafana HTTP API, annotations (`POST /api/annotations`, `PATCH /api/annotations/:id`);
creating needs the role Editor. `/api` is frozen and stays in Grafana 13.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from gtc_runtime.metrics.marks import Mark
from gtc_runtime.settings import Settings
from gtc_spec import foreign_json
from gtc_spec.errors import UsageError

CALL_S = 3.0
"""Deadline of one call."""
FINISH_S = 2.0
"""Longest that the end of the process waits for marks."""
QUEUE_MAX = 500
"""Marks kept while Grafana is away: three hours of show, about forty a cycle."""
RETRY_S = (1.0, 30.0)
"""First and longest pause before a mark is tried again, half to one and a half times that long; the
longest one also bounds what Grafana may ask for."""

log = logging.getLogger(__name__)


class _NotNowError(Exception):
    """Grafana did not take a mark this time; the mark waits, at least as long as it was told."""

    def __init__(self, wait_s: float = 0.0) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class Annotations:
    """Marks on their way to one Grafana.

    Args:
        url: Base URL of Grafana.
        token: Token of a service account with the role Editor; empty for a Grafana that asks none.
        warn: Callback, gets one line when Grafana refuses; not again until it has accepted.
        retry_s: First and longest pause before a mark is tried again.

    Raises:
        UsageError: The URL is not one, or the token holds what no token holds.
    """

    def __init__(
        self,
        url: str,
        token: str,
        warn: Callable[[str], None],
        retry_s: tuple[float, float] = RETRY_S,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise UsageError(f"grafana url is {url!r}, allowed: http://host:port or https://host")
        token = token.strip()
        if not token.isascii() or (token and not token.isprintable()):
            raise UsageError("GRAFANA_TOKEN holds characters that no token has")
        self._url = f"{url.rstrip('/')}/api/annotations"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._warn, self._retry_s = warn, retry_s
        self._warned = ""
        self._waiting: deque[Mark] = deque(maxlen=QUEUE_MAX)
        self.dropped = 0
        """Marks that were given up because too many waited."""
        self._open: dict[Mark, int] = {}  # Grafana's number of phases that it knows the start of
        self._news = asyncio.Event()

    def add(self, marks: Iterable[Mark]) -> None:
        """Queue marks, or the end of marks that were queued before; never waits.

        When the queue is full the oldest mark is given up.
        """
        for mark in marks:
            self._put(mark, last=True)
            self._news.set()

    async def run(self) -> None:
        """Write marks as they come, for ever."""
        first_s, longest_s = self._retry_s
        pause_s = first_s
        async with aiohttp.ClientSession(headers=self._headers) as session:
            while True:
                await self._news.wait()
                try:
                    await self._write_all(session)
                    pause_s = first_s
                except _NotNowError as refused:
                    spread_s = pause_s * random.uniform(0.5, 1.5)
                    await asyncio.sleep(max(spread_s, min(refused.wait_s, longest_s)))
                    pause_s = min(2 * pause_s, longest_s)

    async def finish(self) -> None:
        """Try what still waits once more, for two seconds at most."""
        with suppress(TimeoutError, _NotNowError):
            async with (
                asyncio.timeout(FINISH_S),
                aiohttp.ClientSession(headers=self._headers) as session,
            ):
                await self._write_all(session)

    async def _write_all(self, session: aiohttp.ClientSession) -> None:
        while self._waiting:
            mark = self._waiting.popleft()
            try:
                await self._write(session, mark)
            except BaseException:  # a cancelled write is not a written one either
                self._put(mark, last=False)
                raise
        self._news.clear()

    def _put(self, mark: Mark, *, last: bool) -> None:
        if mark in self._waiting:  # its phase has ended while its beginning was on the way
            if not last:  # which was refused: it is the oldest still
                self._waiting.remove(mark)
                self._waiting.appendleft(mark)
            return
        if len(self._waiting) >= QUEUE_MAX:
            self._drop()
            if not last:
                return  # it is older than everything that waits
            self._open.pop(self._waiting.popleft(), None)
        self._waiting.append(mark) if last else self._waiting.appendleft(mark)

    def _drop(self) -> None:
        if not self.dropped:
            self._warn(f"grafana is away: of {QUEUE_MAX} marks that wait the oldest are given up")
        self.dropped += 1

    async def _write(self, session: aiohttp.ClientSession, mark: Mark) -> None:
        """Bring Grafana to what the mark says now."""
        number = self._open.get(mark)
        if number is not None:
            end = {"timeEnd": mark.end_ms}
            status, _ = await self._call(session, "PATCH", f"{self._url}/{number}", end)
            del self._open[mark]
            if status != 404:  # a Grafana without a disk has forgotten it
                return
        await self._create(session, mark)

    async def _create(self, session: aiohttp.ClientSession, mark: Mark) -> None:
        end_ms = mark.end_ms
        end = {} if end_ms is None else {"timeEnd": end_ms}
        body = {"time": mark.at_ms, "tags": list(mark.tags), "text": mark.text, **end}
        status, answer = await self._call(session, "POST", self._url, body)
        if status == 404:
            self._warn_once(f"grafana answered 404 at {self._url}: is GTC_GRAFANA_URL right?")
        number = answer.get("id") if isinstance(answer, dict) else None
        if isinstance(number, int) and mark.lasts and end_ms is None:
            self._open[mark] = number

    async def _call(
        self, session: aiohttp.ClientSession, method: str, url: str, body: dict[str, Any]
    ) -> tuple[int, Any]:
        """One call; the status and what came with it.

        Raises:
            _NotNowError: No answer, a refusal, or an error that may pass.
        """
        try:
            async with (
                asyncio.timeout(CALL_S),
                session.request(method, url, json=body, allow_redirects=False) as response,
            ):
                status, content = response.status, await response.read()
                asked = response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            words = str(error).split("\n")[0] or type(error).__name__
            log.info("grafana does not answer, marks wait: %s", words)
            raise _NotNowError from None
        self._judge(status, float(asked) if asked.isdecimal() else 0.0)
        return status, _json(content)

    def _judge(self, status: int, wait_s: float) -> None:
        if status in (401, 403):
            self._warn_once(
                f"grafana refuses marks ({status}): GRAFANA_TOKEN must be an editor's token"
            )
            raise _NotNowError
        if status == 429 or status >= 500 or 300 <= status < 400:
            log.info("grafana answered %d, marks wait", status)
            raise _NotNowError(wait_s)
        if status == 200:
            self._warned = ""
        else:
            log.warning("grafana answered %d to a mark", status)

    def _warn_once(self, warning: str) -> None:
        if warning != self._warned:
            self._warned = warning
            self._warn(warning)


def _json(content: bytes) -> Any:
    try:
        return foreign_json.read(content)
    except ValueError:
        return None


def annotations_for(settings: Settings, warn: Callable[[str], None]) -> Annotations | None:
    """The way to the Grafana of these settings; None when no address is set, or no token.

    Only a Grafana of this machine may ask for none: that of a rehearsal.

    Raises:
        UsageError: See `Annotations`.
    """
    url, token = settings.grafana_url, settings.grafana_token.get_secret_value()
    if not url or not (token or _is_here(url)):
        return None
    return Annotations(url, token, warn)


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
