"""The faults that tests of our own client put in front of the API."""

import time

import aiohttp
import pytest

from gtc_rehearsal.kube_api import KubeApiServer, Store
from gtc_rehearsal.kube_api.faults import Fault
from tests.contract.kube_api.client import Api


async def test_a_status_answers_the_next_matching_requests_only(rehearsal: Api) -> None:
    assert rehearsal.server
    rehearsal.server.faults.add(Fault("PATCH", "/scale", status=503, times=2))
    patch = {"spec": {"replicas": 3}}

    codes = [(await rehearsal.send("PATCH", "adapters/one/scale", patch)).status for _ in "abc"]
    read = await rehearsal.send("GET", "adapters/one/scale")

    assert codes == [503, 503, 200]
    assert read.status == 200


async def test_a_429_says_when_to_come_back(rehearsal: Api) -> None:
    assert rehearsal.server
    rehearsal.server.faults.add(Fault(status=429, retry_after_s=2))

    answer = await rehearsal.send("GET", "adapters")

    assert answer.body["reason"] == "TooManyRequests"
    assert answer.headers["Retry-After"] == "2"


async def test_a_body_of_its_own_is_answered_as_it_is(rehearsal: Api) -> None:
    assert rehearsal.server
    rehearsal.server.faults.add(Fault(status=502, body="<html>bad gateway</html>"))

    answer = await rehearsal.send("GET", "adapters")

    assert (answer.status, answer.body) == (502, "<html>bad gateway</html>")


async def test_a_fault_after_the_write_hides_that_it_took_effect(rehearsal: Api) -> None:
    assert rehearsal.server
    rehearsal.server.faults.add(Fault("PATCH", status=500, after=True))

    answer = await rehearsal.send("PATCH", "adapters/one", {"spec": {"replicas": 7}})

    assert answer.status == 500
    assert (await rehearsal.send("GET", "adapters/one")).body["spec"]["replicas"] == 7


async def test_latency_delays_an_answer_that_stays_true(rehearsal: Api) -> None:
    assert rehearsal.server
    rehearsal.server.faults.add(Fault(latency_s=0.2))
    started = time.monotonic()

    answer = await rehearsal.send("GET", "adapters/one")

    assert answer.status == 200
    assert time.monotonic() - started >= 0.2


async def test_a_cut_watch_ends_in_a_connection_error(rehearsal: Api) -> None:
    assert rehearsal.server
    url = rehearsal.url + rehearsal.path("adapters")
    async with rehearsal.session.get(url, params={"watch": "true"}) as response:
        await response.content.readline()

        cut = rehearsal.server.faults.cut_watches()

        assert cut == 1
        with pytest.raises(aiohttp.ClientError):
            await response.content.readline()


async def test_cleared_faults_hit_nothing(rehearsal: Api) -> None:
    assert rehearsal.server
    rehearsal.server.faults.add(Fault(status=500, times=-1))
    rehearsal.server.faults.clear()

    assert (await rehearsal.send("GET", "adapters")).status == 200


async def test_the_log_remembers_requests(rehearsal: Api) -> None:
    assert rehearsal.server

    await rehearsal.send("GET", "adapters/one")

    assert rehearsal.server.log[-1] == ("GET", rehearsal.path("adapters/one"))


async def test_a_server_can_stop_under_a_running_watch(session: aiohttp.ClientSession) -> None:
    server = KubeApiServer(Store())
    url = await server.start()
    async with session.get(f"{url}/api/v1/pods", params={"watch": "true"}):
        started = time.monotonic()
        await server.stop()

    assert time.monotonic() - started < 2


async def test_a_taken_port_is_an_error(rehearsal: Api) -> None:
    port = int(rehearsal.url.rsplit(":", 1)[1])

    with pytest.raises(OSError, match="address already in use"):
        await KubeApiServer(Store(), port).start()


async def test_an_accident_inside_the_server_is_answered_as_one(rehearsal: Api) -> None:
    assert rehearsal.store

    def stumble(_request: object) -> list[str]:
        raise ZeroDivisionError

    rehearsal.store.admission.append(stumble)

    answer = await rehearsal.send("PATCH", "adapters/one", {"spec": {"replicas": 3}})

    assert (answer.status, answer.message) == (500, "internal error")
