"""What has to be told when Prometheus is gone and KEDA with it blind: the same wherever it happens.

A place that has a KEDA, the rehearsal's or the real one, is a `Demo`; nothing here knows which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gtc_runtime.cluster import waiting
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.verdict import Verdict
from gtc_spec import names
from gtc_spec.pools import ROLES

OF_A_BLIND_KEDA = {"prometheus", "scalers", "hpa"}
"""Checks that turn red; what else rests on Prometheus says so and stays out of the way."""


class Demo(Protocol):
    """A deployed demo whose Prometheus can be taken away."""

    async def look(self, *only: str) -> Mapping[str, Verdict]:
        """What the preflight says, by name of the check."""

    async def lose_prometheus(self) -> None:
        """End Prometheus and return when KEDA has fallen back at both scalers."""

    async def regain_prometheus(self) -> None:
        """Start Prometheus and return when KEDA has read both triggers again."""

    async def kube(self) -> Kube:
        """A client of the workload's namespace, to be closed by who asked."""


async def exactly_its_own_checks_turn_red_and_green_again(demo: Demo) -> None:
    before = _red(await demo.look())
    await demo.lose_prometheus()
    blind = await demo.look()
    await demo.regain_prometheus()
    after = _red(await demo.look())

    assert _red(blind).keys() - before.keys() == OF_A_BLIND_KEDA, _red(blind)
    assert after.keys() == before.keys()
    for role in ROLES:
        assert f"{names.scaler(role)}: s0-prometheus at http" in blind["scalers"].found
        assert f"{names.hpa(names.scaler(role))} is told a made-up metric" in blind["hpa"].found
    assert " times in a row" in blind["scalers"].found
    assert {blind[name].found for name in ("targets", "queries")} == {"see prometheus"}


async def whoever_asks_kubernetes_is_told(demo: Demo) -> None:
    scalers = [names.scaler(role) for role in ROLES]
    await demo.lose_prometheus()
    async with await demo.kube() as kube:
        status = await Keda(kube).status()
        waited = await waiting.scalers(kube, scalers)
        await demo.regain_prometheus()
        again = await Keda(kube).status()

    assert status.state == "blind"
    assert f"{scalers[0]} is blind: s0-prometheus at http" in status.reason
    assert not waited.ready
    assert "its fallback makes the metric up" in waited.text
    assert (again.state, again.reason) == ("active", "")


def _red(checks: Mapping[str, Verdict]) -> dict[str, str]:
    return {name: check.found for name, check in checks.items() if check.state == "red"}
