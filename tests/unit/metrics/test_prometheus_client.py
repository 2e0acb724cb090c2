"""The query client against the rehearsal's Prometheus and against servers that misbehave."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from gtc_rehearsal.prometheus.prometheus import PrometheusTwin
from gtc_rehearsal.prometheus.tsdb import STALE, labels_of
from gtc_runtime.metrics.prometheus import PrometheusClient
from gtc_runtime.metrics.reading import Missing, Reading
from gtc_spec.telemetry import promql
from gtc_spec.telemetry.metrics import TTFT

N = "dynamo-workload"
UP = {"__name__": "up", "namespace": N, "job": "dynamo-system/dynamo-frontend"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class World:
    """A Prometheus that holds what a test writes, and a client of it."""

    def __init__(self, twin: PrometheusTwin, client: PrometheusClient) -> None:
        self._twin = twin
        self.client = client
        self._now_s = time.time()  # one scrape stamps all its series alike

    def write(self, value: float, age_s: float = 1.0, **labels: str) -> None:
        name = labels.pop("name", "queued")
        pairs = {"__name__": name, "namespace": N, **labels}
        self._twin.store.append(labels_of(pairs), int((self._now_s - age_s) * 1000), value)

    def write_up(self, value: float) -> None:
        self._twin.store.append(labels_of(UP), int(self._now_s * 1000), value)

    def write_traffic(self, *, ended: bool) -> None:
        """A minute of first tokens in 0.5 s; the process may have died just now."""
        for step in range(12, 0, -1):
            for le in ("0.5", "+Inf"):
                self.write(120.0 - step, 5.0 * step - 4, name=TTFT.bucket, le=le)
        if ended:
            for le in ("0.5", "+Inf"):
                self.write(STALE, 0, name=TTFT.bucket, le=le)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    twin = PrometheusTwin(list)
    url = await twin.start()
    async with PrometheusClient(url + "/") as client:
        yield World(twin, client)
    await twin.stop()


def reason(answer: Reading | Missing) -> str:
    assert isinstance(answer, Missing), answer
    return answer.reason


async def test_a_fresh_number_comes_with_its_age(world: World) -> None:
    world.write(7, age_s=3)
    answer = await world.client.query("sum(queued{})")
    assert isinstance(answer, Reading)
    assert answer.value == 7
    assert 3 <= answer.age_s < 5


async def test_the_age_is_that_of_the_oldest_input(world: World) -> None:
    world.write(7, age_s=1)
    world.write(2, age_s=9, name="inflight")
    answer = await world.client.query("sum(inflight{}) - sum(queued{})")
    assert isinstance(answer, Reading)
    assert answer.age_s >= 9


async def test_a_constant_needs_no_sample(world: World) -> None:
    assert await world.client.query("vector(3)") == Reading(3, 0)
    assert await world.client.query("1 + 1") == Reading(2, 0)


async def test_zero_is_a_reading(world: World) -> None:
    world.write(0)
    answer = await world.client.query("sum(queued{})")
    assert isinstance(answer, Reading)
    assert answer.value == 0


async def test_nothing_is_missing(world: World) -> None:
    assert reason(await world.client.query("queued{}")) == "no data"


async def test_an_old_sample_is_missing(world: World) -> None:
    world.write(7, age_s=40)
    assert "40 s old" in reason(await world.client.query("queued{}"))


async def test_several_series_are_missing(world: World) -> None:
    world.write(1, pod="a")
    world.write(2, pod="b")
    assert "2 series" in reason(await world.client.query("queued{}"))


@pytest.mark.parametrize(
    ("expr", "word"),
    [
        ("queued{} * 0 / 0", "not a number"),
        ("queued{} / 0", "infinite"),
        ("-queued{} / 0", "infinite"),
        ("sum(", "prometheus answered 400"),
    ],
)
async def test_what_is_no_number_is_missing(world: World, expr: str, word: str) -> None:
    world.write(1)
    assert word in reason(await world.client.query(expr))


async def test_a_quantile_without_traffic_is_missing(world: World) -> None:
    for age_s in (11.0, 6.0, 1.0):
        world.write(5, age_s, name=TTFT.bucket, le="0.5")
        world.write(5, age_s, name=TTFT.bucket, le="+Inf")
    assert "no traffic" in reason(await world.client.query(promql.ttft_ms(0.95)))


async def test_an_idle_frontend_reads_zero_through_the_guard(world: World) -> None:
    world.write_up(1)
    answer = await world.client.query(promql.guarded(promql.ttft_ms(0.95)))
    assert isinstance(answer, Reading)
    assert answer.value == 0


async def test_a_dead_frontend_is_missing_although_the_window_holds_samples(world: World) -> None:
    world.write_traffic(ended=True)
    world.write_up(0)
    for expr in (promql.ttft_ms(0.95), promql.guarded(promql.ttft_ms(0.95))):
        assert "no longer scraped" in reason(await world.client.query(expr))


async def test_a_busy_frontend_has_a_quantile(world: World) -> None:
    world.write_traffic(ended=False)
    world.write_up(1)
    answer = await world.client.query(promql.ttft_ms(0.95))
    assert isinstance(answer, Reading)
    assert answer.value == pytest.approx(475)


async def test_whether_a_target_is_up_can_be_asked(world: World) -> None:
    world.write_up(0)
    answer = await world.client.query('max(up{namespace="dynamo-workload"})')
    assert isinstance(answer, Reading)
    assert answer.value == 0


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[PrometheusClient]]]:
    runners: list[web.AppRunner] = []
    clients: list[PrometheusClient] = []

    async def start(handler: Handler) -> PrometheusClient:
        app = web.Application()
        app.router.add_post("/api/v1/query", handler)
        runners.append(web.AppRunner(app))
        await runners[-1].setup()
        await web.TCPSite(runners[-1], "127.0.0.1", 0, shutdown_timeout=0.1).start()
        url = f"http://127.0.0.1:{runners[-1].addresses[0][1]}"
        clients.append(PrometheusClient(url, timeout_s=0.5))
        return clients[-1]

    yield start
    for client in clients:
        await client.close()
    for runner in runners:
        await runner.cleanup()


Serve = Callable[[Handler], Awaitable[PrometheusClient]]


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (503, "overloaded", "503"),
        (503, json.dumps({"status": "error", "error": "not ready"}), "not ready"),
        (200, "<html>login</html>", "no JSON"),
        (200, "[]", "no success"),
        (200, json.dumps({"status": "success"}), "not an instant vector"),
        (200, json.dumps({"status": "success", "data": {"resultType": "vector"}}), "not an inst"),
        (200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [{}]}}),
         "not an instant vector"),
        (200, b"\xff\xfe", "no JSON"),
        (200, "[" * 100_000, "no JSON"),
        (503, json.dumps({"status": "error", "error": "a\nb"}), r"a\nb"),
        (200, json.dumps({"status": "success",
                          "data": {"resultType": "scalar", "result": [1, 10**400]}}),
         "not an instant vector"),
    ],
)  # fmt: skip
async def test_a_server_that_talks_nonsense_is_missing(
    serve: Serve, status: int, body: str | bytes, word: str
) -> None:
    async def nonsense(_request: web.Request) -> web.Response:
        data = body if isinstance(body, bytes) else body.encode()
        return web.Response(status=status, body=data, content_type="application/json")

    client = await serve(nonsense)
    assert word in reason(await client.query("x{}"))


async def test_a_server_that_hangs_is_missing_at_the_deadline(serve: Serve) -> None:
    async def hang(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    client = await serve(hang)
    began = time.monotonic()
    assert "did not answer within 0.5 s" in reason(await client.query("x{}"))
    assert time.monotonic() - began < 2


async def test_a_server_that_dribbles_for_ever_is_missing_at_the_deadline(serve: Serve) -> None:
    async def dribble(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    client = await serve(dribble)
    assert "did not answer" in reason(await client.query("x{}"))


async def test_a_server_that_hangs_up_is_missing(serve: Serve) -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    client = await serve(hang_up)
    assert "cannot reach prometheus" in reason(await client.query("x{}"))


async def test_no_server_at_all_is_missing() -> None:
    async with PrometheusClient("http://127.0.0.1:9") as client:
        assert "cannot reach prometheus" in reason(await client.query("x{}"))


async def test_an_address_that_is_none_is_missing() -> None:
    async with PrometheusClient("not an address") as client:
        assert isinstance(await client.query("x{}"), Missing)
