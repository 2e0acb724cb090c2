"""Proof that later turns of a conversation find their prefix: the router sends them where it is.

Conversations are held one after the other, so that nobody waits for anybody and a missed prefix
shows in full. A router that does not look at prefixes alternates between the workers and misses.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from gtc_runtime.checks.verify.client import Answer, problems, short, ttfts_s
from gtc_runtime.checks.verify.proof import Proof
from gtc_runtime.formats import latency_s, percent
from gtc_runtime.load.conversations.followups import CannedFollowUps
from gtc_runtime.verdict import Verdict, judge, red
from gtc_spec.telemetry import metrics, promql

CONVERSATIONS: Final = 5
TURNS: Final = 3
TOKENS: Final = 16
SHARE_MAX: Final = 0.6
"""Longest TTFT of later turns as a share of the first one's; the show's own claim."""
HITS_MIN: Final = 0.75
"""Share of later turns that must be that fast: blind routing over two workers finds half."""


async def kv_cache(proof: Proof) -> Verdict:
    """Conversations of three turns; later ones must be fast, and cached where anybody counts."""
    before = await proof.value(promql.router_hits())
    first: list[Answer] = []
    later: list[Answer] = []
    for _ in range(CONVERSATIONS):
        turns = await _conversation(proof)
        if wrong := problems(turns):
            return red(wrong[0], "an answer of every turn", "gtc verify inference")
        first.append(turns[0])
        later += turns[1:]
    return await _judged(proof, first, later, before)


async def _conversation(proof: Proof) -> list[Answer]:
    client, followups = proof.client, CannedFollowUps()
    conversation = client.chat.begin()
    answers: list[Answer] = []
    for turn in range(1, TURNS + 1):
        prompt = short(client.chat.prompt(conversation), TOKENS)
        answer = await client.ask("chat", prompt, turn=turn, keep_text=True)
        answers.append(answer)
        if not answer.ok or not answer.text:
            break
        record = answer.record
        conversation.answered(answer.text, record.prompt_tokens, record.tokens)
        question = await followups.ask("", answer.text)
        conversation.ask(question, client.ratio.tokens(len(question.split())))
    return answers


async def _judged(
    proof: Proof, first: list[Answer], later: list[Answer], before: float | None
) -> Verdict:
    begin_s = median(ttfts_s(first))
    shares = [ttft_s / begin_s for ttft_s in ttfts_s(later)]
    share = median(shares)
    hits = sum(each <= SHARE_MAX for each in shares) / len(shares)
    told = (
        f"TTFT {latency_s(begin_s)} on turn 1, later {share:.2f} of it"
        f" ({percent(hits, 0)} of turns fast)"
    )
    expected = f"later turns at most {SHARE_MAX:g} of turn 1, {percent(HITS_MIN, 0)} of them"
    mode = await proof.router_mode()
    if mode != "kv":
        hint = "DYN_ROUTER_MODE=kv for the frontend; make cluster-config restores the graph"
        return red(f"kv routing is off, the frontend routes by {mode}; {told}", expected, hint)
    cached = await _cached(proof, later, before)
    told = f"{told}; {cached or 'nobody here counts cached tokens'}"
    if proof.env.story.kv_turn2_share_max is None:
        hint = "are the engines told to reuse blocks?"
        told = f"{told}; the gain is not judged in this environment"
        return judge(bool(cached), told, "cached tokens", hint)
    good = share <= SHARE_MAX and hits >= HITS_MIN
    hint = "is another load running, or block reuse off in the engine files? gtc status"
    return judge(good, told, expected, hint)


async def _cached(proof: Proof, later: list[Answer], before: float | None) -> str:
    """What the cluster itself says about the cache; empty when it says nothing."""
    counted = [each.cached_tokens for each in later if each.cached_tokens]
    if counted:
        asked = sum(each.record.prompt_tokens for each in later)
        return f"{percent(sum(counted) / asked, 0)} of their prompt tokens cached by usage"
    if before is None and await proof.value(promql.router_hits()) is None:
        return ""
    risen = await proof.counted(promql.router_hits(), before, 0.1)
    told = metrics.ROUTER_HIT_RATE.name
    return f"{told} rose by {risen:.1f}" if risen and risen > 0 else ""
