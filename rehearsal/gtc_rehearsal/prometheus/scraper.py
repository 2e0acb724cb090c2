"""Fills the time series: asks every target for its metrics at a fixed pace.

It must not know who the targets are; a callable names them anew before every round, so that pods
come and go as with a PodMonitor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from gtc_rehearsal.prometheus.exposition import ExpositionError, samples_of
from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, Labels, Tsdb, labels_of

_LOG = logging.getLogger(__name__)

Targets = Callable[[], Iterable[tuple[str, str, Mapping[str, str]]]]
"""Names the targets of the next round as (job, URL of the metrics, extra labels)."""

Identity = tuple[str, str, Labels]

DEADLINE_SHARE = 0.9
"""A scrape may take this share of the interval, so that rounds never overlap."""


@dataclass
class Target:
    """One scraped process.

    Attributes:
        url: Where its metrics are.
        labels: What is added to each of its series.
        healthy: Whether the last scrape worked; None before the first.
        error: Why it did not, one line.
        scraped_at: Unix time of the last scrape, 0 before the first.
        took_s: How long it took.
        series: The series that the last scrape saw; those that vanish are ended.
    """

    url: str
    labels: dict[str, str]
    healthy: bool | None = None
    error: str = ""
    scraped_at: float = 0.0
    took_s: float = 0.0
    series: set[Labels] = field(default_factory=set)


class Scraper:
    """Scrapes all targets into a store.

    Args:
        store: Where samples go.
        targets: Names the targets.
        clock: Wall clock, unix seconds.
        deadline_s: How long one scrape may take.
    """

    def __init__(
        self, store: Tsdb, targets: Targets, clock: Callable[[], float], deadline_s: float
    ) -> None:
        self._store = store
        self._targets = targets
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=deadline_s)
        self._known: dict[Identity, Target] = {}

    @property
    def targets(self) -> list[Target]:
        """The targets of the last round."""
        return list(self._known.values())

    async def round(self, session: aiohttp.ClientSession) -> None:
        """Scrape every target once, all with the same time stamp, and end what has vanished."""
        now_ms = int(self._clock() * 1000)
        self._refresh(now_ms)
        await asyncio.gather(*(self._scrape(one, session, now_ms) for one in self.targets))
        self._store.forget_old(now_ms)

    def _refresh(self, now_ms: int) -> None:
        wanted = {
            (job, url, labels_of(dict(extra))): (job, url, extra)
            for job, url, extra in self._targets()
        }
        for identity in [key for key in self._known if key not in wanted]:
            left = self._known.pop(identity)
            for series in (*left.series, *(_own(name, left) for name in _REPORTED)):
                self._store.end(series, now_ms)
        for identity, (job, url, extra) in wanted.items():
            if identity not in self._known:
                labels = {"job": job, "instance": urlsplit(url).netloc, **extra}
                self._known[identity] = Target(url, labels)

    async def _scrape(self, target: Target, session: aiohttp.ClientSession, now_ms: int) -> None:
        started = self._clock()
        try:
            async with session.get(target.url, timeout=self._timeout) as response:
                response.raise_for_status()
                found = list(samples_of(await response.text(), target.labels))
        except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError, ExpositionError) as error:
            found = []
            target.error = f"{type(error).__name__}: {error}".strip(": ").replace("\n", " ")
        else:
            target.error = ""
        target.healthy = not target.error
        target.scraped_at, target.took_s = now_ms / 1000, max(0.0, self._clock() - started)
        self._store_round(target, found, now_ms)

    def _store_round(self, target: Target, found: list[tuple[Labels, float]], now_ms: int) -> None:
        seen = {labels for labels, _ in found}
        for labels, value in found:
            self._store.append(labels, now_ms, value)
        for labels in target.series - seen:
            self._store.end(labels, now_ms)
        target.series = seen
        reported = (float(bool(target.healthy)), target.took_s, float(len(found)))
        for name, value in zip(_REPORTED, reported, strict=True):
            self._store.append(_own(name, target), now_ms, value)


_REPORTED = ("up", "scrape_duration_seconds", "scrape_samples_scraped")


def _own(name: str, target: Target) -> Labels:
    return labels_of({METRIC_NAME: name, **target.labels})


async def every(interval_s: float, action: Callable[[], Awaitable[None]]) -> None:
    """Run an action at a fixed pace until cancelled; a late round is skipped, not caught up.

    An action that raises is logged and tried again: one bad round must not end the series.
    """
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        try:
            await action()
        except Exception:
            _LOG.exception("a round failed, the next one follows in %.1f s", interval_s)
        due += interval_s * max(1, -(-(loop.time() - due) // interval_s))
        await asyncio.sleep(max(0.0, due - loop.time()))
