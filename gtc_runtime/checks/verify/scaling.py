"""Proof that KEDA scales: load past the trigger, more workers, relief, and back to the minimum.

It only sends requests and looks; what the pools do is KEDA's doing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from gtc_runtime.checks.verify.client import ttfts_s
from gtc_runtime.checks.verify.closed_load import ClosedLoad, kept_open, now_s
from gtc_runtime.checks.verify.proof import POLL_INTERVAL_S, Proof
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.pools import PoolState
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.formats import latency_s
from gtc_runtime.verdict import Verdict, green, red
from gtc_spec import names
from gtc_spec.kinds import HPA
from gtc_spec.manifests.scaled_object import BEHAVIOR
from gtc_spec.pools import Role

POOL: Final[Role] = "prefill"
TOKENS: Final = 8
PAST: Final = 1.2
"""Load over what one more worker is meant for: past the HPA's tolerance of 10 %."""
RELIEF_MAX: Final = 0.8
"""Longest TTFT under the same load with the new workers, as a share of the worst before."""
SYNC_S: Final = 15.0
"""Between two looks of the HPA (Kubernetes default)."""
SLACK_S: Final = 40.0
"""Scrapes, KEDA's poll and a busy machine."""


@dataclass
class Course:
    """What happened, for the verdict.

    Attributes:
        before, peak: Desired workers at rest and at most.
        worst_s, relieved_s: TTFT before and after the new workers; None without samples.
        took_s: Seconds of each step that was reached.
    """

    before: int = 0
    peak: int = 0
    worst_s: float | None = None
    relieved_s: float | None = None
    took_s: dict[str, float] = field(default_factory=dict)

    def told(self) -> str:
        """The course in one line."""
        steps = ", ".join(f"{name} after {took_s:.0f} s" for name, took_s in self.took_s.items())
        ttft = ""
        if self.worst_s is not None and self.relieved_s is not None:
            ttft = f"; TTFT {latency_s(self.worst_s)} -> {latency_s(self.relieved_s)}"
        return f"{POOL} {self.before} -> {self.peak} workers ({steps}){ttft}"


async def scaling(proof: Proof) -> Verdict:
    """The whole round; refuses while KEDA is paused or has no HPA."""
    keda = await Keda(proof.scene.kube).status()
    if keda.state != "active" or not all(keda.hpa_present.values()):
        hint = "gtc manual gives the pools back to keda; a foreign pause: remove its annotation"
        return red(f"keda is {keda.state}: {keda.reason}", "keda in charge of both pools", hint)
    pool, course = proof.env.pools.of(POOL), Course()
    course.before = (await _look(proof)).desired or 0
    if course.before >= pool.scale.max:
        told = f"{course.before} {POOL} workers are ordered already, the scaler's maximum"
        return red(told, f"fewer than {pool.scale.max}", "gtc reset, or wait for the scale-down")
    wanted = math.ceil(pool.scale.threshold * (course.before + 1) * PAST)
    async with kept_open(proof.client, "summarization", TOKENS, wanted) as load:
        if (failed := await _up(proof, course, load)) is not None:
            return failed
    if (failed := await _down(proof, course)) is not None:
        return failed
    return _judged(proof, course)


async def _up(proof: Proof, course: Course, load: ClosedLoad) -> Verdict | None:
    start_s, scale = now_s(), proof.time_scale
    up_s = 4 * SYNC_S * scale + SLACK_S
    if not await _until(proof, lambda pool: (pool.desired or 0) > course.before, up_s):
        return _late(course, load, f"no scale-up within {up_s:.0f} s of load past the trigger",
                     "gtc preflight --only scalers --only hpa --only queries")  # fmt: skip
    course.took_s["scale-up"] = now_s() - start_s
    course.peak = (await _look(proof)).desired or 0
    if not await _by_keda(proof, course.before):
        return _late(course, load, "desired rose, but the HPA did not order it",
                     "who else scales? kubectl describe dgdsa")  # fmt: skip
    ready_s = 2 * proof.env.worker_start_s + SLACK_S
    if not await _until(proof, lambda pool: pool.ready > course.before, ready_s):
        return _late(course, load, f"no new worker ready within {ready_s:.0f} s", "gtc status")
    course.took_s["ready"] = now_s() - start_s
    await _relief(course, load, now_s())
    course.peak = max(course.peak, (await _look(proof)).desired or 0)
    return None


async def _relief(course: Course, load: ClosedLoad, ready_at_s: float) -> None:
    """Compare answers of requests sent before and after the new worker was ready."""
    before = ttfts_s(load.sent_between(0.0, ready_at_s))
    # what was queued at the old workers stays there: its time must pass first
    settled_s = ready_at_s + max(before, default=0.0)
    give_up_s = settled_s + 2 * SLACK_S
    while now_s() < give_up_s:
        after = ttfts_s(load.sent_between(ready_at_s, math.inf))
        if now_s() >= settled_s and len(after) >= 2 * (course.before + 1):
            break
        await asyncio.sleep(POLL_INTERVAL_S)
    late = ttfts_s(load.sent_between(0.0, ready_at_s))
    after = ttfts_s(load.sent_between(ready_at_s, math.inf))[-2 * (course.before + 1) :]
    course.worst_s = max(late, default=None)
    course.relieved_s = median(after) if after else None


async def _down(proof: Proof, course: Course) -> Verdict | None:
    start_s, rest = now_s(), proof.env.pools.of(POOL).scale.min
    down = BEHAVIOR["scaleDown"]
    steps = max(1, course.peak - rest) * down["policies"][0]["periodSeconds"]
    quiet_s = down["stabilizationWindowSeconds"] + steps + 3 * SYNC_S
    limit_s = quiet_s * proof.time_scale + SLACK_S + proof.env.pools.of(POOL).drain_s
    if not await _until(proof, lambda pool: pool.desired == rest and pool.ready <= rest, limit_s):
        now = await _look(proof)
        left = f"{limit_s:.0f} s after the load {now.desired} are desired, {now.ready} ready"
        hint = "is something else loading it? gtc status"
        return red(f"{course.told()}; {left}", f"{rest} workers", hint)
    course.took_s[f"back to {rest}"] = now_s() - start_s
    return None


def _judged(proof: Proof, course: Course) -> Verdict:
    if proof.env.story.prefill_recovery_ttft_ratio_max is None:
        return green(f"{course.told()}, not judged in this environment", "up, ready, down")
    expected = f"up, ready, TTFT at most {RELIEF_MAX:g} of the worst, down"
    worst_s, relieved_s = course.worst_s, course.relieved_s
    if worst_s is None or relieved_s is None:
        return red(f"{course.told()}; too few answers to see a relief", expected, "gtc status")
    if relieved_s > RELIEF_MAX * worst_s:
        return red(course.told(), expected, "does the router use the new worker? gtc verify link")
    return green(course.told(), expected)


async def _by_keda(proof: Proof, before: int) -> bool:
    """Whether the HPA of the pool is the one who ordered more."""
    status = (await proof.scene.kube.get(HPA, names.hpa(names.scaler(POOL)))).get("status") or {}
    return int(status.get("desiredReplicas") or 0) > before


async def _look(proof: Proof) -> PoolState:
    return (
        await Scaling(proof.scene.kube, proof.env.slots, engine=proof.env.engine.traits.name).read()
    )[POOL]


async def _until(proof: Proof, holds: Callable[[PoolState], bool], within_s: float) -> bool:
    give_up_s = now_s() + within_s
    while not holds(await _look(proof)):
        if now_s() >= give_up_s:
            return False
        await asyncio.sleep(POLL_INTERVAL_S)
    return True


def _late(course: Course, load: ClosedLoad, why: str, hint: str) -> Verdict:
    ended, good = len(load.answers), sum(answer.ok for answer in load.answers)
    told = f"; {course.told()}" if course.took_s else ""
    return red(f"{why} ({good} of {ended} answers good){told}", "a scale-up by keda", hint)
