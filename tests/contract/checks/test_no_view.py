"""What our account may not read is told as that, by whichever check: never red, never green."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import get_args

import pytest
from aiohttp import web

from gtc_runtime.checks import scene as scenes
from gtc_runtime.checks.check import chosen
from gtc_runtime.checks.preflight import PROBES, run
from gtc_runtime.places import Place
from gtc_runtime.settings import Settings
from tests.contract.checks.conftest import World
from tests.faulty_api.faults import Fault

WITH_A_KEY = {"follow-ups"}
"""Asks with a key that we were given: one without the right is a fault, no missing view."""
OF_OUR_ACCOUNT = [probe.name for probe in PROBES if probe.name not in WITH_A_KEY]


@pytest.fixture
async def forbidden() -> AsyncIterator[str]:
    """A server that lets nobody in."""

    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=403, text="services is forbidden")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_where_every_read_is_forbidden_no_check_has_a_view(
    world: World, forbidden: str
) -> None:
    world.api.faults.add(Fault(status=403, times=-1))

    found = await states(world, forbidden, *OF_OUR_ACCOUNT)

    assert found == dict.fromkeys(OF_OUR_ACCOUNT, "not-permitted")


@pytest.mark.parametrize("path", ["/apis/", "/api/v1/"])
async def test_where_only_objects_are_forbidden_nothing_is_red(
    world: World, forbidden: str, path: str
) -> None:
    world.api.faults.add(Fault(path=path, status=403, times=-1))

    found = await states(world, forbidden)

    assert [name for name, state in found.items() if state == "red"] == []


async def test_places_that_let_nobody_in_are_no_fault_of_theirs(
    world: World, forbidden: str
) -> None:
    world.changes["rehearsal"] = False  # which has no Grafana
    places = {"frontend", "buckets", "prometheus", "targets", "queries", "grafana", "boards"}

    found = await states(world, forbidden, *places, "digest")

    assert found == dict.fromkeys((*places, "digest"), "not-permitted")


async def states(world: World, forbidden: str, *only: str) -> dict[str, str]:
    """State of checks by name where every place answers 403."""
    addresses = dict.fromkeys(get_args(Place), forbidden)
    settings = Settings(kubeconfig=str(world.kubeconfig))
    async with scenes.opened(world.env, settings, addresses) as scene:
        report = await run(world.changed(scene), chosen(PROBES, only))
    return {check.name: check.state for check in report.checks}
