"""The boards against a real Prometheus that scrapes a rehearsal under load."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

import gtc_dashboards
from gtc_rehearsal import grafana
from gtc_runtime.metrics.board_check import BoardQuery, check_boards
from gtc_runtime.metrics.prometheus import PrometheusClient
from gtc_spec.engines import trtllm

from .conftest import Rehearsal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        shutil.which("prometheus") is None,
        reason="prometheus is not on PATH: python3 -m tools.prometheus",
    ),
]

FILLED_WITHIN_S = 45
"""A chat's second turn comes after its first answer and a pause; rates need two scrapes."""


@pytest.fixture(scope="module")
def prometheus(rehearsal: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prometheus that scrapes every process of the rehearsal, which is under load."""
    rehearsal.gtc("start", "--rps", "3", "--mix", "60/20/20")
    folder = tmp_path_factory.mktemp("prometheus")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    discovery = rehearsal.notes["urls"]["prometheus"] + "/sd"
    server = grafana.prometheus("prometheus", folder, discovery, port)
    process = subprocess.Popen([*server.command, "--log.level=error"])
    try:
        yield server.url
    finally:
        process.terminate()
        process.wait(20)


def ask(url: str) -> list[BoardQuery]:
    async def asked() -> list[BoardQuery]:
        async with PrometheusClient(url, timeout_s=10) as client:
            return await check_boards(client, gtc_dashboards.load(trtllm.TRAITS), "rehearsal")

    return asyncio.run(asked())


def silent(findings: list[BoardQuery]) -> list[BoardQuery]:
    """Queries of panels that should answer under load; marks only show while something changes."""
    return [
        one
        for one in findings
        if one.state in ("idle", "empty") and not one.panel.startswith("mark: ")
    ]


@pytest.fixture(scope="module")
def findings(prometheus: str) -> list[BoardQuery]:
    """Answers once every panel has one, or the last ones in time."""
    give_up = time.monotonic() + FILLED_WITHIN_S
    found: list[BoardQuery] = []
    while time.monotonic() < give_up:
        time.sleep(3)
        try:
            found = ask(prometheus)
        except Exception:
            continue
        if not silent(found):
            break
    return found


def test_every_panel_that_a_rehearsal_can_fill_has_data(findings: list[BoardQuery]) -> None:
    assert findings
    assert silent(findings) == []


def test_what_a_rehearsal_cannot_fill_is_marked_on_the_board(findings: list[BoardQuery]) -> None:
    described = {
        (name, panel["title"]): panel["description"]
        for name, board in gtc_dashboards.load(trtllm.TRAITS).items()
        for panel in board["panels"]
        if panel["type"] != "row"
    }
    by_panel: dict[tuple[str, str], set[str]] = {}
    for one in findings:
        by_panel.setdefault((one.board, one.panel), set()).add(one.state)
    unfilled = {panel for panel, states in by_panel.items() if states == {"not-applicable"}}

    marked = {
        panel for panel, text in described.items() if re.search(r"Cluster (with GPUs )?only:", text)
    }
    assert unfilled == marked


def test_the_rehearsals_own_prometheus_answers_the_same_panels(
    findings: list[BoardQuery], rehearsal: Rehearsal
) -> None:
    own = ask(rehearsal.notes["urls"]["prometheus"])

    assert {one.query: one.state for one in silent(own)} == {}
    assert len(own) == len(findings)
