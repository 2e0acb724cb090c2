"""Prometheus' part in the rehearsal: scrapes, remembers half an hour and answers PromQL."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import aiohttp
from aiohttp import web

from gtc_rehearsal.prometheus.prometheus_http import Api
from gtc_rehearsal.prometheus.promql import Query
from gtc_rehearsal.prometheus.promql_values import Value
from gtc_rehearsal.prometheus.scraper import DEADLINE_SHARE, Scraper, Targets, every
from gtc_rehearsal.prometheus.tsdb import Tsdb


class PrometheusTwin:
    """A small Prometheus on loopback.

    Args:
        targets: Names the processes to scrape as (job, URL, extra labels), asked every round.
        scrape_interval_s: Seconds between rounds; 5 as Dynamo's own monitors.
        clock: Wall clock, unix seconds.
    """

    def __init__(
        self,
        targets: Targets,
        scrape_interval_s: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = Tsdb()
        self._clock = clock
        self._interval_s = scrape_interval_s
        self._scraper = Scraper(self.store, targets, clock, scrape_interval_s * DEADLINE_SHARE)
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> str:
        """Begin to listen and to scrape.

        Returns:
            The base URL, without a final slash.
        """
        api = Api(self.store, self._scraper, self._clock).app()
        runner = web.AppRunner(api, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        task = asyncio.create_task(
            every(self._interval_s, lambda: self._scraper.round(session)), name="scraper"
        )
        self._stack.push_async_callback(_cancelled, task)
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop scraping and listening; harmless when it never started."""
        await self._stack.aclose()

    def query(self, expr: str) -> Value:
        """Evaluate an expression now, inside this process.

        Raises:
            PromqlError: The query is malformed, outside the subset or ambiguous.
        """
        return Query(expr).at(self.store, int(self._clock() * 1000))


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
