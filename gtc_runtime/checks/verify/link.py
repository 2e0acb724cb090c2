"""What can be told about the KV transfer from outside: where the pods are, and a lower bound.

A first token waits for routing, prefill, the transfer and one decode step. Prefill workers say how
long they took; what is left holds the whole transfer, so the prompt's KV bytes over that time is
the least that the link can do. The simulator's transfers are arithmetic and prove nothing.
"""

from __future__ import annotations

import asyncio
from statistics import mean
from typing import Final

from gtc_runtime.checks.verify.client import problems, ttfts_s
from gtc_runtime.checks.verify.proof import Proof
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.formats import latency_s
from gtc_runtime.verdict import NotApplicable, Verdict, green, judge, red
from gtc_spec.errors import UsageError
from gtc_spec.pools import ROLES
from gtc_spec.profiles.profile import Profile
from gtc_spec.telemetry import promql

REQUESTS: Final = 4
TOKENS: Final = 4
SHARE_MIN: Final = 0.5
"""Least bound as a share of the bandwidth that the phases were planned with."""


async def link(proof: Proof) -> Verdict:
    """A few long documents, one at a time; not applicable where workers are simulated."""
    if proof.scene.rehearsal:
        assumed = proof.env.rehearsal.kv_link_gb_s
        raise NotApplicable(f"the rehearsal computes transfers, with {assumed:g} GB/s a worker")
    if not proof.env.nodes.gpus:
        raise NotApplicable("simulated workers of a cluster hand over no cache")
    try:
        profile = Profile.load(proof.env.model.profile)
    except UsageError as error:
        raise NotApplicable(f"kv bytes of a token are unknown: {error.message}") from None
    engine = proof.env.engine.traits
    counters = promql.pool_requests("prefill", engine), promql.pool_busy_s("prefill", engine)
    requests, busy_s = await asyncio.gather(*(proof.value(each) for each in counters))
    answers = []
    for _ in range(REQUESTS):
        prompt = proof.client.prompt("summarization", TOKENS)
        answers.append(await proof.client.ask("summarization", prompt))
    if wrong := problems(answers):
        return red(wrong[0], "an answer", "gtc verify inference")
    counted = await proof.counted(counters[0], requests, REQUESTS)
    busy_now_s = await proof.value(counters[1])
    if counted != REQUESTS or busy_now_s is None:
        told = "nothing" if counted is None else f"{counted:g} prefills for {REQUESTS} requests"
        return red(f"prometheus counted {told}", "ours and no others", "gtc verify disagg")
    outside_s = mean(ttfts_s(answers)) - (busy_now_s - (busy_s or 0.0)) / counted
    tokens = mean(each.record.prompt_tokens for each in answers)
    return _judged(proof, await _topology(proof), tokens * profile.kv_bytes_per_token, outside_s)


def _judged(proof: Proof, topology: str, kv_bytes: float, outside_s: float) -> Verdict:
    assumed = proof.env.rehearsal.kv_link_gb_s
    expected = f">= {SHARE_MIN * assumed:g} GB/s, half of what the phases were planned with"
    if outside_s <= 0:
        return green(f"{topology}; the transfer does not show beside prefill", expected)
    bound = kv_bytes / outside_s / 1e9
    told = (
        f"{topology}; {kv_bytes / 1e9:.1f} GB in at most {latency_s(outside_s)}:"
        f" at least {bound:.1f} GB/s"
    )
    hint = "ucx or nixl in the engine files, rdma of the nodes; gtc plan check for the consequence"
    return judge(bound >= SHARE_MIN * assumed, told, expected, hint)


async def _topology(proof: Proof) -> str:
    pools = await Scaling(
        proof.scene.kube, proof.env.slots, engine=proof.env.engine.traits.name
    ).read()
    nodes = {role: {each.node for each in pools[role].pods if each.node} for role in ROLES}
    if nodes["prefill"] == nodes["decode"] and len(nodes["prefill"]) == 1:
        return "all workers on one node"
    apart = len(nodes["prefill"] | nodes["decode"])
    shared = len(nodes["prefill"] & nodes["decode"])
    return f"workers on {apart} nodes, {shared} of them with both pools"
