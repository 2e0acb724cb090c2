"""KEDA and HPAs as they really are: paused, resumed, blind, and adding workers by real figures."""

from __future__ import annotations

import time

import pytest

from gtc_runtime.cluster.keda import Keda
from gtc_spec import names
from gtc_spec.pools import ROLES
from tests.contract.checks import blind_keda
from tests.control_plane.demo import RealDemo

pytestmark = [pytest.mark.control_plane, pytest.mark.slow, pytest.mark.timeout(420)]
HPAS = {names.hpa(names.scaler(role)) for role in ROLES}
GONE_S, BACK_S = 5.0, 10.0
"""Under 1 s on a quiet machine."""


async def test_a_pause_takes_the_hpas_away_and_a_resume_brings_them_back(demo: RealDemo) -> None:
    async with await demo.kube() as kube:
        keda = Keda(kube)
        started = time.monotonic()
        paused = await keda.pause("a test")
        gone_s, left = time.monotonic() - started, demo.hpas()
        started = time.monotonic()
        resumed = await keda.resume("a test")
        back_s = time.monotonic() - started

    assert (paused.state, left) == ("paused-by-us", set())
    assert (resumed.state, resumed.reason) == ("active", "")
    assert demo.hpas() == HPAS
    assert gone_s < GONE_S
    assert back_s < BACK_S


def test_waiting_for_keda_ends_when_it_watches_every_pool(demo: RealDemo) -> None:
    said = demo.ask("wait", "keda")

    assert said.returncode == 0, said.stdout + said.stderr


async def test_a_keda_that_sees_is_green_in_the_preflight(demo: RealDemo) -> None:
    said = await demo.look("scalers", "hpa", "prometheus")

    assert {name: check.state for name, check in said.items()} == dict.fromkeys(said, "green")


async def test_without_prometheus_exactly_its_own_checks_turn_red(demo: RealDemo) -> None:
    await blind_keda.exactly_its_own_checks_turn_red_and_green_again(demo)


async def test_without_prometheus_whoever_asks_kubernetes_is_told(demo: RealDemo) -> None:
    await blind_keda.whoever_asks_kubernetes_is_told(demo)


def test_waiting_requests_add_workers_to_both_pools(demo: RealDemo) -> None:
    full = {role: demo.env.pools.of(role).scale.max for role in ROLES}
    demo.frontend.queued, demo.frontend.in_flight = 12, 400

    took_s = demo.until(lambda: {role: demo.desired().of(role) for role in ROLES} == full)

    assert took_s < 60
