"""What Prometheus says about the inside of the workers, and what it does not say."""

import asyncio
import time

from gtc_rehearsal.prometheus.prometheus import PrometheusTwin
from gtc_rehearsal.prometheus.tsdb import labels_of
from gtc_runtime.metrics.readings import Readings
from gtc_runtime.view import WorkersView
from gtc_spec.engines import trtllm
from gtc_spec.engines.traits import ENDPOINT
from gtc_spec.telemetry import metrics


async def asked(url: str) -> WorkersView:
    """The answers of the first round."""
    readings = Readings(url, trtllm.TRAITS, period_s=60)
    task = asyncio.create_task(readings.run())
    async with asyncio.timeout(10):
        while readings.age_s is None:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return readings.newest


async def test_what_prometheus_knows_is_told_and_the_rest_is_left_open():
    twin = PrometheusTwin(list)
    url = await twin.start()
    pairs = {
        "__name__": metrics.WORKER_INFLIGHT.name,
        "namespace": "dynamo-workload",
        "dynamo_component": trtllm.TRAITS.components["prefill"],
        "dynamo_endpoint": ENDPOINT,
    }
    twin.store.append(labels_of(pairs), int(time.time() * 1000), 7.0)

    told = await asked(url)

    await twin.stop()
    assert told == WorkersView(prefill_in_flight=7.0)


async def test_a_prometheus_that_is_down_leaves_everything_open():
    readings = Readings("http://127.0.0.1:9", trtllm.TRAITS, period_s=0.05)
    task = asyncio.create_task(readings.run())
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert (readings.newest, readings.age_s) == (WorkersView(), None)


async def test_a_prometheus_that_goes_away_takes_no_figure_back_and_they_age():
    twin = PrometheusTwin(list)
    url = await twin.start()
    pairs = {
        "__name__": metrics.WORKER_INFLIGHT.name,
        "namespace": "dynamo-workload",
        "dynamo_component": trtllm.TRAITS.components["prefill"],
        "dynamo_endpoint": ENDPOINT,
    }
    twin.store.append(labels_of(pairs), int(time.time() * 1000), 7.0)
    now_s = 100.0
    readings = Readings(url, trtllm.TRAITS, period_s=0.05, clock=lambda: now_s)
    assert readings.age_s is None
    task = asyncio.create_task(readings.run())
    async with asyncio.timeout(10):
        while readings.age_s is None:
            await asyncio.sleep(0.01)

    await twin.stop()
    await asyncio.sleep(0.2)
    now_s = 130.0
    await asyncio.sleep(0.2)

    assert readings.newest == WorkersView(prefill_in_flight=7.0)
    assert readings.age_s == 30.0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
