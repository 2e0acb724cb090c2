"""The real Dynamo frontend with simulated workers, as a rehearsal runs them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from gtc_rehearsal.dynamo.dynamo import Dynamo
from gtc_rehearsal.dynamo.dynamo_settings import settings_from
from gtc_spec import environment
from gtc_spec.engines.trtllm import TRAITS
from gtc_spec.errors import GtcError
from tests.app.dynamo_probe import processes, until_serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

MODEL = environment.load("prod").model.served_name
STEP_S = 0.0207  # one decode step of the prod profile at batch 1


@pytest_asyncio.fixture
async def dynamo(tmp_path: Path) -> AsyncIterator[Dynamo]:
    owner = Dynamo(settings_from(environment.load("prod")), tmp_path)
    await owner.start()
    try:
        await asyncio.gather(
            owner.start_worker("p0", "prefill"),
            owner.start_worker("d0", "decode"),
            owner.start_worker("d1", "decode"),
        )
        await until_serving(owner, MODEL)
        yield owner
    finally:
        await owner.stop()
    assert processes(tmp_path) == {}


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


async def ask(
    http: aiohttp.ClientSession, dynamo: Dynamo, prompt: str, tokens: int
) -> dict[str, Any]:
    """One streamed answer: tokens, reason of its end, decode worker, TTFT."""
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": tokens,
        "stream": True,
        "nvext": {"extra_fields": ["worker_id"]},
    }
    seen: dict[str, Any] = {"tokens": 0, "finish": None, "worker": None, "ttft_s": None}
    began = time.monotonic()
    async with http.post(f"{dynamo.url}/v1/chat/completions", json=body) as answer:
        seen["status"] = answer.status
        async for line in answer.content:
            if not line.startswith(b"data: {"):
                continue
            frame = json.loads(line[6:])
            for choice in frame.get("choices", []):
                seen["finish"] = choice["finish_reason"] or seen["finish"]
                if choice["delta"].get("content"):
                    seen["tokens"] += 1
                    seen["ttft_s"] = seen["ttft_s"] or time.monotonic() - began
            worker = (frame.get("nvext") or {}).get("worker_id")
            if worker:
                seen["worker"] = worker["decode_worker_id"]
    return seen


async def test_an_answer_has_every_token_and_takes_the_time_of_the_profile(
    dynamo: Dynamo, http: aiohttp.ClientSession
) -> None:
    began = time.monotonic()
    answer = await ask(http, dynamo, "Why is the sky blue?", 60)
    took_s = time.monotonic() - began

    assert (answer["status"], answer["tokens"], answer["finish"]) == (200, 60, "length")
    assert took_s > 59 * STEP_S


async def test_the_second_turn_finds_the_first_in_the_cache(
    dynamo: Dynamo, http: aiohttp.ClientSession
) -> None:
    context = " ".join(f"line {i} of the report says nothing new" for i in range(500))
    first = await ask(http, dynamo, context, 5)
    second = await ask(http, dynamo, context + " And what does it mean?", 5)

    assert second["ttft_s"] < 0.6 * first["ttft_s"]


async def test_worker_metrics_name_the_component_of_the_catalogue(
    dynamo: Dynamo, http: aiohttp.ClientSession
) -> None:
    await ask(http, dynamo, "hello", 2)
    for worker in dynamo.workers():
        async with http.get(worker.metrics_url) as answer:
            text = await answer.text()
        component = TRAITS.component(worker.role)
        assert f'dynamo_component="{component}"' in text


async def test_a_gated_worker_gets_no_request_before_its_delay_is_over(
    dynamo: Dynamo, http: aiohttp.ClientSession
) -> None:
    began = time.monotonic()
    start = asyncio.create_task(dynamo.start_worker("d2", "decode", delay_s=3))
    early = await asyncio.gather(*(ask(http, dynamo, f"early {i}", 5) for i in range(12)))
    await start
    late = await asyncio.gather(*(ask(http, dynamo, f"late {i}", 40) for i in range(30)))

    assert time.monotonic() - began > 3
    before = {answer["worker"] for answer in early}
    assert len(before) <= 2
    assert len({answer["worker"] for answer in late}) == 3


async def test_a_stopped_worker_finishes_its_answers_and_gets_no_new_ones(
    dynamo: Dynamo, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    open_answers = [asyncio.create_task(ask(http, dynamo, f"long {i}", 150)) for i in range(8)]
    await asyncio.sleep(1)
    stop = asyncio.create_task(dynamo.stop_worker("d0", drain_s=30))
    await asyncio.sleep(0.5)
    new = await asyncio.gather(*(ask(http, dynamo, f"new {i}", 5) for i in range(8)))
    old = await asyncio.gather(*open_answers)
    await stop

    assert {answer["tokens"] for answer in old} == {150}
    assert len({answer["worker"] for answer in old}) == 2
    assert {answer["finish"] for answer in new} == {"length"}
    assert len({answer["worker"] for answer in new}) == 1
    assert "d0" not in processes(tmp_path)


async def test_a_drain_that_takes_too_long_is_cut(
    dynamo: Dynamo, http: aiohttp.ClientSession
) -> None:
    answers = [asyncio.create_task(ask(http, dynamo, f"long {i}", 500)) for i in range(4)]
    await asyncio.sleep(0.8)
    began = time.monotonic()
    await asyncio.gather(dynamo.stop_worker("d0", 0.5), dynamo.stop_worker("d1", 0.5))

    assert time.monotonic() - began < 4
    assert all(answer["finish"] is None for answer in await asyncio.gather(*answers))


async def test_after_a_worker_was_killed_requests_go_to_the_others(
    dynamo: Dynamo, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    victim = next(worker for worker in dynamo.workers() if worker.name == "d0")
    os.kill(processes(tmp_path)["d0"], signal.SIGKILL)
    await victim.ended()
    await asyncio.sleep(0.5)
    answers = await asyncio.gather(*(ask(http, dynamo, f"after {i}", 5) for i in range(20)))

    assert {answer["finish"] for answer in answers} == {"length"}
    assert [worker.name for worker in dynamo.workers() if worker.role == "decode"] == ["d1"]


async def test_a_killed_frontend_comes_back_on_its_port_and_knows_its_workers(
    dynamo: Dynamo, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    url = dynamo.url
    os.kill(processes(tmp_path)["frontend"], signal.SIGKILL)
    await dynamo.frontend_ended()

    assert await dynamo.start() == url
    await until_serving(dynamo, MODEL)
    assert (await ask(http, dynamo, "still there?", 5))["tokens"] == 5


async def test_an_aggregated_worker_serves_alone(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    dynamo = Dynamo(settings_from(environment.load("dev")), tmp_path)
    await dynamo.start()
    try:
        await dynamo.start_worker("a0", "aggregated")
        await until_serving(dynamo, environment.load("dev").model.served_name)
        body = {
            "model": environment.load("dev").model.served_name,
            "messages": [{"role": "user", "content": "hello"}],
            "max_tokens": 5,
        }
        async with http.post(f"{dynamo.url}/v1/chat/completions", json=body) as answer:
            usage = (await answer.json())["usage"]
        assert usage["completion_tokens"] == 5
    finally:
        await dynamo.stop()


async def test_a_worker_that_cannot_start_says_why_in_one_line(tmp_path: Path) -> None:
    settings = settings_from(environment.load("prod"))
    dynamo = Dynamo(settings, tmp_path)
    await dynamo.start()
    try:
        (tmp_path / "dynamo" / "timings.npz").write_text("not an array")
        with pytest.raises(GtcError, match="p0 ended with code") as caught:
            await dynamo.start_worker("p0", "prefill")
        assert "\n" not in caught.value.message + caught.value.hint
        assert list(processes(tmp_path)) == ["frontend"]
    finally:
        await dynamo.stop()
