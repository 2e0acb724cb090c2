"""Two who measure the same streams: the load engine and the real Dynamo frontend."""

from __future__ import annotations

import asyncio
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from gtc_rehearsal.dynamo.dynamo import Dynamo
from gtc_rehearsal.dynamo.dynamo_settings import settings_from as dynamo_settings
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.process import LoadProcess
from gtc_runtime.load.settings import settings_from
from gtc_spec import environment
from gtc_spec.telemetry.buckets import ITL_BUCKETS, TTFT_BUCKETS, Buckets
from gtc_spec.telemetry.metrics import ITL, REQUESTS, TTFT
from gtc_spec.workloads import WorkloadMix
from tests.app.dynamo_probe import until_serving

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(150)]

PROD = environment.load("prod")
LOAD_S = 20.0
RUNNABLE_MAX = 3 * (os.cpu_count() or 1)
"""With more runnable processes the frontend is held up between taking a token in and sending it."""


@pytest_asyncio.fixture
async def dynamo(tmp_path: Path) -> AsyncIterator[Dynamo]:
    owner = Dynamo(dynamo_settings(PROD), tmp_path)
    await owner.start()
    try:
        await asyncio.gather(
            owner.start_worker("p0", "prefill"),
            owner.start_worker("d0", "decode"),
            owner.start_worker("d1", "decode"),
        )
        await until_serving(owner, PROD.model.served_name)
        yield owner
    finally:
        await owner.stop()


async def scrape(dynamo: Dynamo) -> Counter[tuple[str, str]]:
    """Samples of the frontend by name and by bucket bound or status."""
    found: Counter[tuple[str, str]] = Counter()
    async with aiohttp.ClientSession() as session, session.get(f"{dynamo.url}/metrics") as answer:
        text = await answer.text()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            mark = sample.labels.get("le") or sample.labels.get("status") or ""
            found[sample.name, mark] += sample.value
    return found


async def send(dynamo: Dynamo) -> SliceBook:
    """Twenty seconds of short answers over all workloads; everything that was due has ended."""
    limits = PROD.load.model_copy(update={"max_tokens_max": 150, "prompt_tokens_max": 5000})
    settings = settings_from(PROD, dynamo.url).model_copy(update={"limits": limits})
    load, book, newest = LoadProcess(), SliceBook(), []
    load.on_snapshot(book.add)
    load.on_snapshot(newest.append)
    await load.start(settings)
    try:
        mix = WorkloadMix(40, 20, 40)
        await load.set_load(Rate(rps=2, mix=mix, pacing="paced"))
        await asyncio.sleep(LOAD_S)
        await load.set_load(Rate(rps=0, mix=mix, pacing="paced"))
        async with asyncio.timeout(40):
            await asyncio.sleep(0.6)
            while newest[-1].gauges.in_flight:
                await asyncio.sleep(0.25)
    finally:
        await load.stop()
    return book


def bucket_at(seen: Counter[tuple[str, str]], name: str, bounds: Sequence[float], q: float) -> int:
    """Index of the frontend's bucket that holds the quantile."""
    at_most = {float(mark): n for (sample, mark), n in seen.items() if sample == f"{name}_bucket"}
    rank = q * at_most[float("inf")]
    return next(i for i, bound in enumerate(bounds) if at_most[bound] >= rank)


def buckets_apart(
    seen: Counter[tuple[str, str]], name: str, buckets: Buckets, ours: Histogram, q: float
) -> int:
    """How many buckets lie between the frontend's quantile and ours; 0 for the same one."""
    value_s = ours.quantile(q)
    assert value_s is not None
    bounds = buckets.upper_bounds_s
    return bisect_left(bounds, value_s) - bucket_at(seen, name, bounds, q)


async def test_the_engine_and_the_frontend_count_the_same_requests_and_see_the_same_latencies(
    dynamo: Dynamo,
) -> None:
    before = await scrape(dynamo)
    book = await send(dynamo)
    after = await scrape(dynamo)

    seen = Counter({key: after[key] - before[key] for key in after})
    total = book.totals()["all"]
    assert total.due == total.ok > 30
    assert seen[REQUESTS.name, "success"] == total.ok
    assert seen[f"{TTFT.name}_count", ""] == total.ttft.n == total.ok
    with_the_first = seen[f"{ITL.name}_count", ""] - total.itl.n  # in one read: no gap to measure
    assert 0 <= with_the_first <= 0.02 * total.itl.n
    apart = {
        (name, q): buckets_apart(seen, name, buckets, ours, q)
        for name, buckets, ours in (
            (TTFT.name, TTFT_BUCKETS, total.ttft),
            (ITL.name, ITL_BUCKETS, total.itl),
        )
        for q in (0.5, 0.95)
    }
    if os.getloadavg()[0] > RUNNABLE_MAX:  # a token then waits between the frontend's stamp and us
        del apart[ITL.name, 0.95]
    assert all(abs(buckets) <= 1 for buckets in apart.values()), apart
