"""Runs proofs one after the other, each with its deadline, and tells what each one says.

They share one cluster, so that two at a time would disturb each other's figures. Nothing is sent
while a panel plays the show or somebody else's requests are open.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gtc_runtime.checks.check import Check, Finding, NotApplicable, RestsOn, red
from gtc_runtime.checks.scene import Scene
from gtc_runtime.checks.verify.client import connected
from gtc_runtime.checks.verify.disagg import disagg
from gtc_runtime.checks.verify.inference import inference
from gtc_runtime.checks.verify.kv_cache import kv_cache
from gtc_runtime.checks.verify.link import link
from gtc_runtime.checks.verify.proof import COUNTED_S, LOOK_S, Proof
from gtc_runtime.checks.verify.scaling import scaling
from gtc_runtime.cluster.api.errors import first_line
from gtc_runtime.cluster.identity import own_identity
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.state import StateStore
from gtc_runtime.metrics.prometheus import PrometheusClient
from gtc_runtime.metrics.reading import Missing
from gtc_spec.errors import GtcError, UnreachableError
from gtc_spec.telemetry import metrics, promql_syntax

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claim:
    """One thing to prove.

    Attributes:
        name: As on the command line.
        says: The claim, one line.
        prove: Finds the verdict.
        deadline_s: Longest time for it at time scale 1, seconds.
    """

    name: str
    says: str
    prove: Callable[[Proof], Awaitable[Finding]]
    deadline_s: float


CLAIMS: Final = (
    Claim("inference", "Each workload is answered, streamed to its end.", inference, 180.0),
    Claim("disagg", "Prefill workers did the work.", disagg, 180.0),
    Claim("kv-cache", "Later turns find their prefix and are faster.", kv_cache, 300.0),
    Claim("scaling", "KEDA adds workers, they relieve, and it takes them away.", scaling, 900.0),
    Claim("link", "KV blocks travel as fast as the phases assume.", link, 180.0),
)
"""Every proof, in the order of ``gtc verify all``: a later one needs what an earlier one proves."""


async def verify(
    scene: Scene,
    claims: Sequence[Claim],
    told: Callable[[Check], None],
    *,
    time_scale: float = 1.0,
    seed: int | None = None,
) -> list[Check]:
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
    checks = []
    texts = time.time_ns() % 2**31 if seed is None else seed
    async with connected(scene.env, url, texts) as client, _prometheus(scene) as prometheus:
        proof = Proof(scene, client, prometheus, time_scale)
        await refuse_while_busy(scene, prometheus)
        for claim in claims:
            check = await _check(proof, claim)
            checks.append(check)
            told(check)
    return checks


async def refuse_while_busy(scene: Scene, prometheus: PrometheusClient | None) -> None:
    """Refuse to disturb, and be disturbed by, a show or somebody else's requests.

    Raises:
        GtcError: A panel plays the show, or requests are open.
    """
    stored = await StateStore(scene.kube).read()
    holder = (await Lease(scene.kube, own_identity("verify")).look()).holder
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
        await asyncio.sleep(LOOK_S)


@contextlib.asynccontextmanager
async def _prometheus(scene: Scene) -> AsyncIterator[PrometheusClient | None]:
    url = scene.addresses.get("prometheus", "")
    if not url:
        yield None
        return
    async with PrometheusClient(url) as client:
        yield client


async def _check(proof: Proof, claim: Claim) -> Check:
    started_s = time.monotonic()
    finding = await _finding(proof, claim)
    took_s = round(time.monotonic() - started_s, 3)
    hint = finding.hint if finding.state == "red" else ""
    return Check(claim.name, finding.state, finding.found, finding.expected, hint, took_s)


async def _finding(proof: Proof, claim: Claim) -> Finding:
    try:
        async with asyncio.timeout(claim.deadline_s):
            return await claim.prove(proof)
    except TimeoutError:
        return red(f"not proved within {claim.deadline_s:g} s", "a verdict", "gtc status")
    except RestsOn as error:
        return red(error.why or error.reason, "an answer", f"gtc preflight --only {error.cause}")
    except NotApplicable as error:
        return Finding("not-applicable", error.reason)
    except GtcError as error:
        return red(error.message, "an answer", error.hint)
    except Exception as error:  # foreign documents of any shape; the other proofs go on
        log.exception("the proof of %s failed", claim.name)
        told = first_line(f"{type(error).__name__}: {error}")
        return red(f"could not be judged: {told}", "a verdict", "look by hand")
