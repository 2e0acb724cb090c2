"""A KEDA that cannot see its metrics is told as that, by its state and by exactly its checks."""

from __future__ import annotations

from gtc_rehearsal.kube_api.resources import HPA, SCALED_OBJECT
from gtc_runtime.cluster.keda import Keda
from gtc_spec import names
from tests.contract.checks import blind_keda
from tests.contract.checks.breakages import SCALER, annotated, conditions
from tests.contract.checks.conftest import World


async def test_without_prometheus_exactly_its_own_checks_turn_red(world: World) -> None:
    await blind_keda.exactly_its_own_checks_turn_red_and_green_again(world)


async def test_without_prometheus_whoever_asks_kubernetes_is_told(world: World) -> None:
    await blind_keda.whoever_asks_kubernetes_is_told(world)


FAILING = {"s0-prometheus": {"numberOfFailures": 2, "status": "Failing"}}


async def test_failures_that_the_fallback_still_bears_are_told_as_well(world: World) -> None:
    world.patch(SCALED_OBJECT, SCALER, {"status": {"health": FAILING}}, status=True)

    async with await world.kube() as kube:
        status = await Keda(kube).status()
    checks = await world.look("scalers")

    assert status.state == "blind"
    assert "failed 2 times in a row" in checks["scalers"].found


async def test_an_hpa_without_its_metric_is_blind_although_kedas_operator_says_nothing(
    world: World,
) -> None:
    fact = {
        "type": "ScalingActive",
        "status": "False",
        "reason": "FailedGetExternalMetric",
        "message": "no metrics known",
        "lastTransitionTime": "2026-11-29T17:20:05Z",
    }
    world.patch(HPA, names.hpa(SCALER), conditions(fact), status=True)

    async with await world.kube() as kube:
        status = await Keda(kube).status()

    assert status.state == "blind"
    assert "no metrics known (since 2026-11-29T17:20:05Z)" in status.reason


async def test_a_paused_keda_has_nothing_to_see(world: World) -> None:
    world.patch(SCALED_OBJECT, SCALER, {"status": {"health": FAILING}}, status=True)
    world.patch(SCALED_OBJECT, SCALER, annotated(**{names.ANNOTATION_PAUSED: "true"}))

    async with await world.kube() as kube:
        status = await Keda(kube).status()

    assert status.state == "paused-by-other"
    assert "blind" not in status.reason
