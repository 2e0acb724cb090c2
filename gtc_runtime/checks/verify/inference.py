"""Proof that the frontend answers: real requests of each workload, streamed to their end."""

from __future__ import annotations

from gtc_runtime.checks.verify.client import problems, ttfts_s
from gtc_runtime.checks.verify.proof import Proof
from gtc_runtime.formats import latency, latency_s
from gtc_runtime.verdict import Verdict, green, red
from gtc_spec.workloads import WORKLOADS

TOKENS = 32
"""Of each answer: enough for an inter-token latency."""


async def inference(proof: Proof) -> Verdict:
    """One request of each workload, one after the other."""
    told = []
    for workload in WORKLOADS:
        prompt = proof.client.prompt(workload, TOKENS)
        answer = await proof.client.ask(workload, prompt)
        if not answer.ok:
            return red(
                f"{workload}: {problems([answer])[0]}",
                "a streamed answer",
                "gtc preflight --only frontend --only workers",
            )
        record = answer.record
        if record.tokens < prompt.max_tokens:
            return red(
                f"{workload}: {record.tokens} tokens came",
                f"{prompt.max_tokens} tokens",
                "does the engine honour max_tokens and ignore_eos?",
            )
        itl_ms = 1000 * (record.tpot_s or 0.0)
        told.append(f"{workload} TTFT {latency_s(ttfts_s([answer])[0])}, ITL {latency(itl_ms)}")
    return green("; ".join(told), "a streamed answer of each workload")
