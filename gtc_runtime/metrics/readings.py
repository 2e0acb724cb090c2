"""Asks Prometheus what clients cannot see: cache reuse and how busy the workers of each pool are.

Only for eyes: nothing decides by these figures, and where Prometheus does not know, they are None.
It must not know how they are drawn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gtc_runtime.metrics.prometheus import PrometheusClient
from gtc_runtime.metrics.reading import Reading
from gtc_runtime.view import WorkersView
from gtc_spec.engines import Traits
from gtc_spec.telemetry import metrics, metrics_platform, promql, promql_platform


def queries(engine: Traits) -> dict[str, str]:
    """What to ask for each field of the view, of workers that run this engine."""
    gpu_of_pool = promql_platform.gpu_of_pool
    return {
        "kv_reuse": promql.cached_token_ratio(),
        "prefill_tensor_active": gpu_of_pool(metrics_platform.GPU_TENSOR_ACTIVE, "prefill", engine),
        "decode_memory_active": gpu_of_pool(metrics_platform.GPU_DRAM_ACTIVE, "decode", engine),
        "prefill_in_flight": promql.in_flight("prefill", engine),
        "decode_in_flight": promql.in_flight("decode", engine),
    }


class Readings:
    """Keeps the newest answers of one Prometheus.

    Args:
        url: Base URL of Prometheus.
        engine: What the workers run.
        period_s: Seconds between two rounds of questions.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        url: str,
        engine: Traits,
        period_s: float = metrics.SCRAPE_INTERVAL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._period_s, self._clock = PrometheusClient(url), period_s, clock
        self._queries = queries(engine)
        self.newest = WorkersView()
        self._at_s: float | None = None

    @property
    def age_s(self) -> float | None:
        """Age of what is known; None while nothing is."""
        return None if self._at_s is None else self._clock() - self._at_s

    async def run(self) -> None:
        """Ask again and again, for ever."""
        async with self._client:
            while True:
                told = await self._round()
                # nothing at all is no news: a Prometheus that is away takes no figure back
                if told != WorkersView():
                    self.newest, self._at_s = told, self._clock()
                await asyncio.sleep(self._period_s)

    async def _round(self) -> WorkersView:
        answers = await asyncio.gather(*map(self._client.query, self._queries.values()))
        known = {
            field: round(answer.value, 4)
            for field, answer in zip(self._queries, answers, strict=True)
            if isinstance(answer, Reading)
        }
        return WorkersView(**known)
