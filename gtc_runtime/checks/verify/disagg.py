"""Proof that prefill workers did the work: their own counter rises with our requests.

Without a prefill worker a frontend of Dynamo serves from decode alone and says nothing, unless it
is told to enforce disaggregation; so a good answer proves nothing here.
"""

from __future__ import annotations

import asyncio

from gtc_runtime.checks.verify.client import problems
from gtc_runtime.checks.verify.proof import Proof
from gtc_runtime.verdict import Verdict, green, red
from gtc_spec.pools import ROLES
from gtc_spec.telemetry import promql
from gtc_spec.telemetry.metrics import SCRAPE_INTERVAL_S

REQUESTS = 6
TOKENS = 8
COUNTS = 2
"""A worker that leaves takes its count along, and KEDA may shrink a pool at any time."""


async def disagg(proof: Proof) -> Verdict:
    """Some prompts; both pools must have counted each of them."""
    for _ in range(COUNTS):
        verdict, counted = await _count(proof)
        if not counted or verdict.state == "green":
            break
    return verdict


async def _count(proof: Proof) -> tuple[Verdict, bool]:
    """The verdict, and whether the workers' counts gave it."""
    engine = proof.env.engine.traits
    prefill, decode = (promql.pool_requests(role, engine) for role in ROLES)
    before = await asyncio.gather(proof.value(prefill), proof.value(decode))
    for _ in range(REQUESTS):
        answer = await proof.client.ask("chat", proof.client.prompt("chat", TOKENS))
        if not answer.ok:
            hint = "without a ready prefill worker an enforcing frontend refuses: gtc status"
            return red(problems([answer])[0], "an answer", hint), False
    decoded = await proof.counted(decode, before[1], REQUESTS)
    # decode's count is in: prefill's, which came first, is at most one scrape behind it
    prefilled = await proof.counted(prefill, before[0], REQUESTS, 2 * SCRAPE_INTERVAL_S)
    return _judged(prefilled, decoded), True


def _judged(prefilled: float | None, decoded: float | None) -> Verdict:
    expected = f"{REQUESTS} prefills of {REQUESTS} requests"
    if decoded is None or decoded < REQUESTS:
        told = "nothing" if decoded is None else f"{decoded:g} of {REQUESTS} requests"
        hint = "gtc preflight --only targets --only queries"
        return red(f"prometheus counted {told} at the decode workers", expected, hint)
    if not prefilled or prefilled < REQUESTS:
        return red(
            f"prefill is bypassed: prefill workers took {prefilled or 0:g} of {REQUESTS} requests,"
            f" decode workers served {decoded:g}",
            expected,
            "is a prefill worker ready (gtc status), and has the frontend --enforce-disagg?",
        )
    return green(f"prefill workers took {prefilled:g} and decode workers {decoded:g} requests",
                 expected)  # fmt: skip
