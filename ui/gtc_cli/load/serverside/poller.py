"""Polls a server's metrics before, during and after a run."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from gtc_cli.load.reports.outputs import reason
from gtc_cli.load.serverside.exposition import Samples, samples
from gtc_cli.load.serverside.names import COUNTED_HITS, GAUGES, TOLD_HITS
from gtc_runtime.load.asking.access import Access
from gtc_runtime.load.asking.endpoint import shown
from gtc_spec.errors import UnreachableError

INTERVAL_S: Final = 1.0
ANSWER_S: Final = 5.0
"""Longest wait for one answer."""
BYTES_MAX: Final = 16 * 2**20

JSON = dict[str, Any]


class MetricsPoller:
    """The metrics of one server over one run.

    Args:
        url: Where they are.
        access: Headers of one's own, and whom encrypted connections trust.
    """

    def __init__(self, url: str, access: Access) -> None:
        self._url = url if "://" in url else f"http://{url}"
        self._access = access
        self._seen: list[Samples] = []
        self._problem = ""

    @asynccontextmanager
    async def polling(self) -> AsyncIterator[None]:
        """Poll now, every second while the context is open, and once more at its end.

        Raises:
            UnreachableError: There are no metrics at the beginning.
        """
        try:
            self._seen.append(await asyncio.to_thread(self._ask))
        except (OSError, ValueError) as error:
            raise UnreachableError(
                f"no metrics at {shown(self._url)}: {_words(error)}",
                "--server-metrics http://host:port/metrics",
            ) from None
        task = asyncio.create_task(self._keep_polling(), name="server-metrics")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._poll()

    def report(self) -> JSON:
        """Gauges before, during and after, the share of prefix hits, and what was not found."""
        found = {name: _present(names, self._seen) for name, names in GAUGES.items()}
        gauges = {name: self._gauge(name, metric) for name, metric in found.items()}
        share, source = _hits(self._seen)
        missing = [name for name, metric in found.items() if metric is None]
        return {
            "url": shown(self._url),
            "looks": len(self._seen),
            "problem": self._problem,
            **gauges,
            "prefix_hit_share": None if share is None else round(share, 4),
            "names": {name: metric for name, metric in found.items() if metric}
            | ({"prefix_hit_share": source} if source else {}),
            "not_found": missing + ([] if source else ["prefix_hit_share"]),
        }

    def _gauge(self, name: str, metric: str | None) -> JSON | None:
        values = [seen[metric] for seen in self._seen if metric in seen] if metric else []
        if not values:
            return None
        whole = [sum(each) / (len(each) if name == "kv_use" else 1) for each in values]
        during = whole[1:-1] or whole
        return {
            "before": whole[0],
            "mean": round(sum(during) / len(during), 4),
            "max": max(during),
            "after": whole[-1],
        }

    async def _keep_polling(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            await self._poll()

    async def _poll(self) -> None:
        try:
            self._seen.append(await asyncio.to_thread(self._ask))
        except (OSError, ValueError) as error:
            self._problem = f"a look failed: {_words(error)}"

    def _ask(self) -> Samples:
        asked = urllib.request.Request(self._url, headers=self._access.merged({}))  # noqa: S310
        tls = self._access.tls() if self._url.startswith("https") else None
        with urllib.request.urlopen(asked, timeout=ANSWER_S, context=tls) as answer:  # noqa: S310
            return samples(answer.read(BYTES_MAX).decode("utf-8", "replace"))


def _words(error: OSError | ValueError) -> str:
    """Why there are none; urllib wraps what the system said."""
    inner = getattr(error, "reason", error)
    return reason(inner if isinstance(inner, OSError) else error)


def _present(names: Sequence[str], seen: Sequence[Samples]) -> str | None:
    """The first of the names that the server tells."""
    return next((name for name in names if any(name in each for each in seen)), None)


def _hits(seen: Sequence[Samples]) -> tuple[float | None, str]:
    """The share of prefix hits during the run, and the name that it is from."""
    told = ""
    for hits, all_of_them in COUNTED_HITS:
        if hits in seen[-1] and all_of_them in seen[-1]:
            told = told or hits
            grown = [sum(seen[-1][n]) - sum(seen[0].get(n, ())) for n in (hits, all_of_them)]
            if grown[1] > 0:
                return grown[0] / grown[1], hits
    for name in TOLD_HITS:
        if values := seen[-1].get(name):
            return sum(values) / len(values), name
    return None, told
