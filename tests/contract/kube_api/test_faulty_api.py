"""The faults that tests of our own client put in front of the API."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from gtc_rehearsal.kube_api import Store
from tests.contract.kube_api.client import Api, adapter
from tests.faulty_api.faults import Fault
from tests.faulty_api.server import FaultyApiServer


@dataclass
class Faulty:
    """The API that can be told to fail, holding one adapter "one"."""

    server: FaultyApiServer
    api: Api


@pytest.fixture
async def faulty(session: aiohttp.ClientSession) -> AsyncIterator[Faulty]:
    server = FaultyApiServer(Store())
    api = Api(await server.start(), "dynamo-workload", session)
    await api.make("adapters", adapter())
    yield Faulty(server, api)
    await server.stop()


async def test_a_status_answers_the_next_matching_requests_only(faulty: Faulty) -> None:
    faulty.server.faults.add(Fault("PATCH", "/scale", status=503, times=2))
    patch = {"spec": {"replicas": 3}}

    codes = [(await faulty.api.send("PATCH", "adapters/one/scale", patch)).status for _ in "abc"]
    read = await faulty.api.send("GET", "adapters/one/scale")

    assert codes == [503, 503, 200]
    assert read.status == 200


async def test_a_429_says_when_to_come_back(faulty: Faulty) -> None:
    faulty.server.faults.add(Fault(status=429, retry_after_s=2))

    answer = await faulty.api.send("GET", "adapters")

    assert answer.body["reason"] == "TooManyRequests"
    assert answer.headers["Retry-After"] == "2"


async def test_a_body_of_its_own_is_answered_as_it_is(faulty: Faulty) -> None:
    faulty.server.faults.add(Fault(status=502, body="<html>bad gateway</html>"))

    answer = await faulty.api.send("GET", "adapters")

    assert (answer.status, answer.body) == (502, "<html>bad gateway</html>")


async def test_a_fault_after_the_write_hides_that_it_took_effect(faulty: Faulty) -> None:
    faulty.server.faults.add(Fault("PATCH", status=500, after=True))

    answer = await faulty.api.send("PATCH", "adapters/one", {"spec": {"replicas": 7}})

    assert answer.status == 500
    assert (await faulty.api.send("GET", "adapters/one")).body["spec"]["replicas"] == 7


async def test_latency_delays_an_answer_that_stays_true(faulty: Faulty) -> None:
    faulty.server.faults.add(Fault(latency_s=0.2))
    started = time.monotonic()

    answer = await faulty.api.send("GET", "adapters/one")

    assert answer.status == 200
    assert time.monotonic() - started >= 0.2


async def test_a_cut_watch_ends_in_a_connection_error(faulty: Faulty) -> None:
    url = faulty.api.url + faulty.api.path("adapters")
    async with faulty.api.session.get(url, params={"watch": "true"}) as response:
        await response.content.readline()

        cut = faulty.server.faults.cut_watches()

        assert cut == 1
        with pytest.raises(aiohttp.ClientError):
            await response.content.readline()


async def test_cleared_faults_hit_nothing(faulty: Faulty) -> None:
    faulty.server.faults.add(Fault(status=500, times=-1))
    faulty.server.faults.clear()

    assert (await faulty.api.send("GET", "adapters")).status == 200


async def test_the_log_remembers_requests(faulty: Faulty) -> None:
    await faulty.api.send("GET", "adapters/one")

    assert faulty.server.log[-1] == ("GET", faulty.api.path("adapters/one"))
