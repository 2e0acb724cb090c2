"""Runs proofs one after the other, each with its deadline, and tells what each one says.

They share one cluster, so that two at a time would disturb each other's figures. Nothing is sent
while a panel plays the show or somebody else's requests are open.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from gtc_runtime.checks.check import Probe, Round
from gtc_runtime.checks.scene import Scene
from gtc_runtime.checks.verify.client import connected
from gtc_runtime.checks.verify.disagg import disagg
from gtc_runtime.checks.verify.inference import inference
from gtc_runtime.checks.verify.kv_cache import kv_cache
from gtc_runtime.checks.verify.link import link
from gtc_runtime.checks.verify.proof import COUNTED_S, POLL_INTERVAL_S, Proof
from gtc_runtime.checks.verify.scaling import scaling
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.metrics.prometheus import PrometheusClient
from gtc_runtime.metrics.reading import Missing
from gtc_runtime.verdict import Report, RestsOn, Verdict, red
from gtc_spec.errors import GtcError, UnreachableError
from gtc_spec.telemetry import metrics, promql_syntax

CLAIMS: Final = (
    Probe("inference", "Each workload is answered, streamed to its end.", inference, 180.0),
    Probe("disagg", "Prefill workers did the work.", disagg, 180.0),
    Probe("kv-cache", "Later turns find their prefix and are faster.", kv_cache, 300.0),
    Probe("scaling", "KEDA adds workers, they relieve, and it takes them away.", scaling, 900.0),
    Probe("link", "KV blocks travel as fast as the phases assume.", link, 180.0),
)
"""Every proof, in the order of ``gtc verify all``: a later one needs what an earlier one proves."""


def _rests(error: RestsOn) -> Verdict:
    return red(error.why or error.reason, "an answer", f"gtc preflight --only {error.cause}")


_ROUND: Final[Round[Proof]] = Round(rests=_rests, late="gtc status")


async def verify(
    scene: Scene,
    claims: Sequence[Probe[Proof]],
    told: Callable[[Verdict], None],
    *,
    time_scale: float = 1.0,
    seed: int | None = None,
) -> Report:
    """Prove claims.

    Args:
        scene: The cluster.
        claims: What to prove.
        told: Called with each verdict when it is there.
        time_scale: Factor on the windows of the scalers.
        seed: Of the texts; None takes one that no run before has used.

    Raises:
        GtcError: There is no cluster or no frontend, a panel plays the show, or other requests are
            open.
    """
    if scene.problem is not None:
        raise scene.problem
    url = scene.addresses.get("frontend", "")
    if not url:
        raise UnreachableError("no address of the frontend", "set GTC_FRONTEND_URL")
    checks: list[Verdict] = []
    texts = time.time_ns() % 2**31 if seed is None else seed
    async with connected(scene.env, url, texts) as client, _prometheus(scene) as prometheus:
        proof = Proof(scene, client, prometheus, time_scale)
        await refuse_while_busy(scene, prometheus)
        for claim in claims:
            checks.append(await _ROUND.ask(proof, claim))
            told(checks[-1])
    return Report(tuple(checks), sum(check.took_s for check in checks))


async def refuse_while_busy(scene: Scene, prometheus: PrometheusClient | None) -> None:
    """Refuse to disturb, and be disturbed by, a show or somebody else's requests.

    Raises:
        GtcError: A panel plays the show, or requests are open.
    """
    writer = Writer.of(scene.kube, scene.env.slots, "verify")
    stored, holder = await writer.state.read(), (await writer.lease.poll()).holder
    if stored.document.get("mode") == "auto" and holder:
        phase = stored.document.get("phase", "some phase")
        raise GtcError(f"{holder} plays the show, now {phase}", "gtc manual ends auto mode")
    if prometheus is None:
        return
    query = f"sum({promql_syntax.select(metrics.INFLIGHT)})"
    give_up_s = time.monotonic() + COUNTED_S / 2  # what has just ended is in the last scrape
    while True:
        reading = await prometheus.query(query)
        if isinstance(reading, Missing) or reading.value <= 0:
            return
        if time.monotonic() >= give_up_s:
            raise GtcError(
                f"{reading.value:g} requests are open at the frontend already",
                "gtc stop ends the load of the panel",
            )
        await asyncio.sleep(POLL_INTERVAL_S)


@contextlib.asynccontextmanager
async def _prometheus(scene: Scene) -> AsyncIterator[PrometheusClient | None]:
    url = scene.addresses.get("prometheus", "")
    if not url:
        yield None
        return
    async with PrometheusClient(url) as client:
        yield client
