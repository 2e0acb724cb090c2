"""The rehearsal's Prometheus: scraping, staleness and its HTTP interface."""

import math
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gtc_rehearsal.prometheus.exposition import ExpositionError, samples_of
from gtc_rehearsal.prometheus.prometheus import PrometheusTwin
from gtc_rehearsal.prometheus.promql_values import Vector
from gtc_rehearsal.prometheus.scraper import Scraper
from gtc_rehearsal.prometheus.tsdb import Tsdb

SCRAPES = Path(__file__).parents[2] / "data" / "dynamo-1.4.2"


class Exposed:
    """A process that exposes metrics which a test can change."""

    def __init__(self) -> None:
        self.text = "queued 3\n"
        self.status = 200
        self.url = ""

    async def answer(self, _request: web.Request) -> web.Response:
        return web.Response(text=self.text, status=self.status)


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def exposed() -> AsyncIterator[Exposed]:
    process = Exposed()
    app = web.Application()
    app.router.add_get("/metrics", process.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    process.url = f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"
    yield process
    await runner.cleanup()


class Scraped:
    """A twin whose rounds a test triggers one by one."""

    def __init__(self, exposed: Exposed, session: aiohttp.ClientSession) -> None:
        self.clock = Clock()
        self.targets = [("dynamo-system/dynamo-worker", exposed.url, {"pod": "p-0"})]
        self.twin = PrometheusTwin(lambda: self.targets, clock=self.clock)
        self._scraper = Scraper(self.twin.store, lambda: self.targets, self.clock, 2.0)
        self._session = session

    async def round(self) -> None:
        self.clock.now += 5
        await self._scraper.round(self._session)

    def values(self, expr: str) -> list[float]:
        found = self.twin.query(expr)
        assert isinstance(found, Vector)
        return [sample.value for sample in found.samples]


@pytest.fixture
async def scraped(exposed: Exposed) -> AsyncIterator[Scraped]:
    async with aiohttp.ClientSession() as session:
        yield Scraped(exposed, session)


async def test_a_scrape_is_stored_with_the_labels_of_its_target(scraped: Scraped) -> None:
    await scraped.round()
    found = scraped.twin.query("queued")
    assert isinstance(found, Vector)
    labels = dict(found.samples[0].labels)
    assert labels["job"] == "dynamo-system/dynamo-worker"
    assert labels["pod"] == "p-0"
    assert labels["instance"].startswith("127.0.0.1:")
    assert scraped.values("up") == [1]


async def test_a_series_that_leaves_the_scrape_ends_at_once(
    scraped: Scraped, exposed: Exposed
) -> None:
    await scraped.round()
    exposed.text = "other 1\n"
    await scraped.round()
    assert scraped.values("queued") == []
    assert scraped.values("other") == [1]


async def test_a_target_that_fails_is_down_and_its_series_end(
    scraped: Scraped, exposed: Exposed
) -> None:
    await scraped.round()
    exposed.status = 503
    await scraped.round()
    assert scraped.values("queued") == []
    assert scraped.values("up") == [0]


async def test_a_target_that_talks_nonsense_is_down(scraped: Scraped, exposed: Exposed) -> None:
    exposed.text = "queued{ 3\n"
    await scraped.round()
    assert scraped.values("up") == [0]


async def test_a_target_that_is_gone_has_no_series_at_all(scraped: Scraped) -> None:
    await scraped.round()
    scraped.targets = []
    await scraped.round()
    assert scraped.values('{__name__=~".+"}') == []


async def test_a_window_reaches_over_the_end_of_a_series(
    scraped: Scraped, exposed: Exposed
) -> None:
    for total in (10, 20, 30):
        exposed.text = f"c_total {total}\n"
        await scraped.round()
    exposed.status = 500
    await scraped.round()
    assert scraped.values("increase(c_total[1m])")[0] >= 20


async def test_what_lies_beyond_the_horizon_is_forgotten(exposed: Exposed) -> None:
    clock = Clock()
    store = Tsdb(horizon_s=60)
    async with aiohttp.ClientSession() as session:
        scraper = Scraper(store, lambda: [("j", exposed.url, {})], clock, 2.0)
        for _ in range(20):
            clock.now += 5
            await scraper.round(session)
    (series,) = store.select("queued", [])
    assert len(series) == 12


def test_a_counter_keeps_its_name_and_whole_bounds_become_floats() -> None:
    text = '# TYPE odd counter\nodd 1\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\n'
    names = {dict(labels)["__name__"] for labels, _ in samples_of(text, {})}
    bounds = {dict(labels).get("le") for labels, _ in samples_of(text, {})}
    assert names == {"odd", "h_bucket"}
    assert bounds == {None, "1.0", "+Inf"}


def test_a_label_that_the_target_sets_is_kept_under_another_name() -> None:
    ((labels, _),) = samples_of('a{pod="inner"} 1\n', {"pod": "outer"})
    assert dict(labels) == {"__name__": "a", "pod": "outer", "exported_pod": "inner"}


def test_malformed_text_is_one_error() -> None:
    with pytest.raises(ExpositionError):
        list(samples_of("what is this", {}))


@pytest.mark.parametrize("name", ["frontend", "prefill", "decode"])
def test_a_recorded_scrape_of_dynamo_is_read_line_by_line(name: str) -> None:
    text = (SCRAPES / f"{name}.prom").read_text()
    expected = sum(1 for line in text.splitlines() if line and not line.startswith("#"))
    assert len(list(samples_of(text, {}))) == expected


@pytest.fixture
async def served(exposed: Exposed) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    exposed.text = 'queued{model="m"} 3\nodd NaN\n'
    twin = PrometheusTwin(lambda: [("j", exposed.url, {})], scrape_interval_s=0.05)
    url = await twin.start()
    async with aiohttp.ClientSession() as session:
        for _ in range(100):
            async with session.get(f"{url}/api/v1/query?query=queued") as answer:
                if (await answer.json())["data"]["result"]:
                    break
        yield url, session
    await twin.stop()


Served = tuple[str, aiohttp.ClientSession]


async def test_a_query_by_get_and_by_post_is_answered_alike(served: Served) -> None:
    url, session = served
    async with session.get(f"{url}/api/v1/query", params={"query": "sum(queued)"}) as answer:
        by_get = await answer.json()
    async with session.post(f"{url}/api/v1/query", data={"query": "sum(queued)"}) as answer:
        by_post = await answer.json()
    assert by_get["data"]["result"][0]["value"][1] == "3"
    assert by_post["data"]["result"][0]["value"][1] == "3"
    assert by_get["data"]["resultType"] == "vector"


async def test_a_query_for_an_earlier_time_is_answered_for_that_time(served: Served) -> None:
    url, session = served
    params = {"query": "queued", "time": "2020-01-01T00:00:00Z"}
    async with session.get(f"{url}/api/v1/query", params=params) as answer:
        assert (await answer.json())["data"]["result"] == []


async def test_a_number_that_is_none_is_written_as_prometheus_writes_it(served: Served) -> None:
    url, session = served
    async with session.get(f"{url}/api/v1/query", params={"query": "odd"}) as answer:
        assert (await answer.json())["data"]["result"][0]["value"][1] == "NaN"
    async with session.get(f"{url}/api/v1/query", params={"query": "1/0"}) as answer:
        assert (await answer.json())["data"]["result"][1] == "+Inf"


async def test_a_range_query_is_a_matrix(served: Served) -> None:
    url, session = served
    form = {"query": "vector(2)", "start": "100", "end": "110", "step": "5s"}
    async with session.post(f"{url}/api/v1/query_range", data=form) as answer:
        data = (await answer.json())["data"]
    assert data["result"] == [{"metric": {}, "values": [[100, "2"], [105, "2"], [110, "2"]]}]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("query", {"query": "sum("}),
        ("query", {}),
        ("query", {"query": "x", "time": "yesterday"}),
        ("query_range", {"query": "x", "start": "2", "end": "1", "step": "1"}),
        ("query_range", {"query": "x", "start": "1", "end": "2", "step": "soon"}),
        ("query_range", {"query": "x", "start": "1", "end": "2", "step": "0"}),
        ("series", {"match[]": "rate(x[1m])"}),
    ],
)
async def test_bad_input_is_an_error_in_prometheus_own_form(
    served: Served, path: str, params: dict[str, str]
) -> None:
    url, session = served
    async with session.get(f"{url}/api/v1/{path}", params=params) as answer:
        assert answer.status == 400
        body = await answer.json()
    assert body["status"] == "error"
    assert body["errorType"] == "bad_data"
    assert body["error"]


async def test_targets_are_listed_for_a_real_prometheus_to_scrape(served: Served) -> None:
    url, session = served
    async with session.get(f"{url}/api/v1/targets") as answer:
        active = (await answer.json())["data"]["activeTargets"]
    async with session.get(f"{url}/sd") as answer:
        listed = await answer.json()

    assert listed
    for target, found in zip(active, listed, strict=True):
        assert found["targets"] == [target["labels"]["instance"]]
        assert {"instance": found["targets"][0], **found["labels"]} == target["labels"]


async def test_series_labels_targets_and_health_are_told(served: Served) -> None:
    url, session = served
    async with session.get(f"{url}/api/v1/series", params={"match[]": "queued"}) as answer:
        (one,) = (await answer.json())["data"]
    assert one["__name__"] == "queued"
    assert one["model"] == "m"
    async with session.get(f"{url}/api/v1/labels") as answer:
        assert "model" in (await answer.json())["data"]
    async with session.get(f"{url}/api/v1/targets") as answer:
        (target,) = (await answer.json())["data"]["activeTargets"]
    assert target["health"] == "up"
    for path in ("healthy", "ready"):
        async with session.get(f"{url}/-/{path}") as answer:
            assert answer.status == 200


async def test_the_time_of_a_sample_is_that_of_its_scrape(scraped: Scraped) -> None:
    await scraped.round()
    scraped.clock.now += 12
    assert math.isclose(scraped.values("time() - timestamp(queued)")[0], 12)
