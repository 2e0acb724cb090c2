"""The search for the knee against a server whose capacity is known: slots over service time."""

import json

import pytest

from tests.bench.load import build
from tests.bench.load.server import MockServer
from tests.unit.cli.conftest import Call
from tests.unit.cli.conftest import gtc as gtc  # a fixture

SLOTS, SERVICE_MS = 5, 100
CAPACITY_RPS = SLOTS * 1000 / SERVICE_MS


@pytest.fixture
def server():
    try:
        build.program("server")
    except build.NoCompilerError as error:
        pytest.skip(str(error))
    with MockServer() as running:
        running.answer_with(ttft=20, itl=4, ntok=20, slots=SLOTS)
        yield running


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(300)
def test_the_knee_of_a_server_of_known_capacity_is_found_within_five_per_cent(gtc: Call, server):
    told = gtc(
        *("load", "run", "--url", server.url, "--model", "mock", "--env", "dev"),
        *("--mix", "0/0/100", "--find-knee", "--rps", "20", "--pacing", "constant"),
        *("--slo", "ttft_p95=0.1", "--duration", "4", "--json"),
    )
    assert told.code == 0, told.err
    search = json.loads(told.out)["search"]
    assert search["limited_at"] is None, search["words"]
    assert search["knee"] == pytest.approx(CAPACITY_RPS, rel=0.05)
