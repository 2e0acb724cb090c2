"""What every proof has at hand: the cluster, a client for real requests, and Prometheus.

It must not know any proof.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from gtc_runtime.checks.scene import Scene
from gtc_runtime.checks.verify.client import Client
from gtc_runtime.metrics.prometheus import PrometheusClient
from gtc_runtime.metrics.reading import Missing, Reading
from gtc_runtime.verdict import NotApplicable
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.kinds import DGD
from gtc_spec.telemetry.metrics import SCRAPE_INTERVAL_S

POLL_INTERVAL_S = 0.5
"""Between two looks at the cluster."""
COUNTED_S = 6 * SCRAPE_INTERVAL_S
"""Longest wait until Prometheus has counted what was answered: one scrape, and room for a busy
machine."""


@dataclass(frozen=True)
class Proof:
    """Everything that a proof may use.

    Attributes:
        scene: The cluster and the facts of its environment, scaled as it is.
        client: For real requests.
        prometheus: For its counters; None when nobody said where it is.
        time_scale: Factor on the windows of the scalers; 1 on a cluster.
    """

    scene: Scene
    client: Client
    prometheus: PrometheusClient | None
    time_scale: float = 1.0

    @property
    def env(self) -> Environment:
        """The facts."""
        return self.scene.env

    async def value(self, expr: str) -> float | None:
        """A figure now; None when Prometheus has none.

        Raises:
            NotApplicable: Nobody said where Prometheus is.
        """
        reading = await self._ask(expr)
        return reading.value if isinstance(reading, Reading) else None

    async def counted(
        self, expr: str, before: float | None, rise: float, within_s: float = COUNTED_S
    ) -> float | None:
        """Wait until a counter has risen by that much since ``before``.

        Returns:
            By how much it has risen when it had, or at the deadline; None when it has no value.
        """
        give_up_s = time.monotonic() + within_s
        while True:
            now = await self.value(expr)
            risen = None if now is None else now - (before or 0.0)
            if (risen or 0.0) >= rise or time.monotonic() >= give_up_s:
                return risen
            await asyncio.sleep(POLL_INTERVAL_S)

    async def router_mode(self) -> str:
        """How the graph tells the frontend to route; Dynamo's default is round-robin.

        Raises:
            NotApplicable: There is no graph of ours to read it from.
        """
        graph = await self.scene.one(DGD, names.DEMO)
        if graph is None:
            raise NotApplicable(f"there is no graph {names.DEMO}")
        services = (graph.get("spec") or {}).get("services") or {}
        envs = (services.get(names.FRONTEND) or {}).get("envs") or []
        told = {str(each.get("name")): str(each.get("value", "")) for each in envs}
        return told.get("DYN_ROUTER_MODE", "round-robin")

    async def _ask(self, expr: str) -> Reading | Missing:
        if self.prometheus is None:
            raise NotApplicable("no address of prometheus: set GTC_PROMETHEUS_URL")
        return await self.prometheus.query(expr)
