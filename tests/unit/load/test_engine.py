import asyncio
import time
from collections import Counter
from itertools import pairwise

from gtc_runtime.load.demand.forms import Rate
from gtc_spec.workloads import WorkloadMix

REASONING = WorkloadMix(0, 0, 100)
CHAT = WorkloadMix(100, 0, 0)


async def test_the_offered_rate_is_kept_within_one_request(server, settings, running):
    async with running(settings(server.url)) as run:
        begin_s = time.monotonic()
        await run.load(1.0, rps=50)
        lasted_s = time.monotonic() - begin_s
        run.engine.set_load(Rate(rps=0, mix=REASONING, pacing="constant"))
    assert abs(len(run.records) - 50 * lasted_s) <= 1.5


async def test_chat_answers_may_end_where_the_model_ends_them(server, settings, running):
    async with running(settings(server.url)) as run:
        await run.load(0.1, mix=CHAT)
    assert "ignore_eos" not in server.bodies[0]
    assert len(run.records) > 0


async def test_reasoning_asks_for_an_exact_length_and_for_usage(server, settings, running):
    async with running(settings(server.url)) as run:
        await run.load(0.1)
    body = server.bodies[0]
    assert body["stream_options"] == {"include_usage": True}
    assert body["ignore_eos"] is True
    assert 20 <= body["max_tokens"] <= 50
    assert len(run.records) > 0


async def test_requests_beyond_the_cap_are_shed_and_counted(server, settings, running):
    async def sleep(writer, body):
        await asyncio.sleep(3)

    server.script = sleep
    async with running(settings(server.url, in_flight_max=5)) as run:
        await run.load(0.3, rps=50)
        totals = run.totals()
        assert run.snapshot().gauges.in_flight == 5
    assert totals.shed == totals.due - 5


async def test_the_rate_is_clamped_to_its_cap(server, settings, running):
    async with running(settings(server.url, rps_max=20)) as run:
        await run.load(0.5, rps=1e9)
        assert run.snapshot().gauges.offered_rps == 20
    assert len(run.records) <= 11


async def test_a_conversation_repeats_itself_and_grows(server, settings, running):
    async with running(settings(server.url)) as run:
        await run.load(1.0, rps=10, mix=CHAT)
    first = server.bodies[0]["messages"]
    turns = [b["messages"] for b in server.bodies if b["messages"][0] == first[0]]
    assert 3 <= len(turns) <= 5
    for before, after in pairwise(turns):
        assert after[: len(before)] == before
        assert [m["role"] for m in after[len(before) :]] == ["assistant", "user"]
    assert turns[1][2]["content"] == "w0 w1 w2 w3 w4 "


async def test_starts_and_follow_ups_together_keep_to_the_chat_share(server, settings, running):
    async with running(settings(server.url)) as run:
        await run.load(2.0, rps=40, mix=WorkloadMix(50, 0, 50))
        run.engine.set_load(Rate(rps=0, mix=CHAT, pacing="constant"))
    seen = Counter(each.workload for each in run.records)
    assert abs(seen["chat"] - 40) <= 5
    assert Counter(each.key for each in run.records)["chat_turn2plus"] > seen["chat"] / 2


async def test_a_follow_up_is_due_at_the_end_of_the_answer_plus_think_time(
    server, settings, running
):
    async with running(settings(server.url)) as run:
        await run.load(0.6, rps=5, mix=CHAT)
    first = next(each for each in run.records if each.turn == 1)
    second = next(each for each in run.records if each.turn == 2)
    assert 0.02 <= second.due_s - first.last_s <= 0.08


async def test_without_a_chat_share_no_further_turn_becomes_due(server, settings, running):
    async with running(settings(server.url)) as run:
        await run.load(0.3, rps=40, mix=CHAT)
        await run.load(0.3, rps=20, mix=REASONING)
        late = [each for each in run.records if each.workload == "chat"][-1]
        assert run.snapshot().gauges.conversations == 0
        assert late.due_s < run.records[-1].due_s


async def test_a_question_that_comes_too_late_is_replaced(server, settings, running):
    class Slow:
        notice = model = ""

        async def ask(self, context, last_answer):
            await asyncio.sleep(5)
            return "never"

        async def close(self):
            pass

    async with running(settings(server.url), Slow()) as run:
        await run.load(0.5, rps=10, mix=CHAT)
    assert any(each.turn >= 2 for each in run.records)
    assert not any(b["messages"][-1]["content"] == "never" for b in server.bodies)


async def test_documents_share_no_prefix_and_have_the_length_asked_for(server, settings, running):
    async with running(settings(server.url)) as run:
        await run.load(0.5, rps=40, mix=WorkloadMix(0, 100, 0))
    texts = [body["messages"][0]["content"] for body in server.bodies]
    assert len({text[:20] for text in texts}) == len(texts)
    assert all(450 <= len(text.split()) <= 1050 for text in texts)  # 1,000-2,000 tokens
    assert len(run.records) > 10


async def test_the_ratio_of_tokens_to_words_is_learned_from_usage(server, settings, running):
    start = settings(server.url, tokens_per_word=1.5)
    async with running(start) as run:
        await run.load(1.0, rps=60, mix=WorkloadMix(0, 100, 0))
        assert 1.9 < run.snapshot().gauges.tokens_per_word < 2.1


async def test_a_blocked_event_loop_turns_the_light_red_and_makes_no_burst(
    server, settings, running
):
    async with running(settings(server.url)) as run:
        await run.load(0.3, rps=40)
        time.sleep(1.5)
        await asyncio.sleep(0.1)
        quality = run.snapshot().quality
    assert quality.light == "red"
    assert "late" in quality.reason
    assert run.outcomes()["shed"] >= 15


async def test_a_change_can_be_told_before_its_time(server, settings, running):
    async with running(settings(server.url)) as run:
        at_s = time.monotonic() + 0.3
        run.engine.set_load(Rate(rps=50, mix=REASONING, pacing="constant"), at_s=at_s)
        await asyncio.sleep(0.6)
        run.engine.set_load(Rate(rps=0, mix=REASONING, pacing="constant"))
    assert len(run.records) > 5
    assert all(each.due_s > at_s for each in run.records)


async def test_shards_divide_requests_and_the_cap_on_open_ones(server, settings, running):
    async def sleep(writer, body):
        await asyncio.sleep(3)

    server.script = sleep
    shards = [settings(server.url, in_flight_max=5, shard=i, shards=2) for i in (0, 1)]
    async with running(shards[0]) as first, running(shards[1]) as second:
        at_s = time.monotonic() + 0.1
        for run in (first, second):
            run.engine.set_load(Rate(rps=40, mix=REASONING, pacing="constant"), at_s=at_s)
        await asyncio.sleep(0.5)
        gauges = [run.snapshot().gauges for run in (first, second)]
    assert [each.in_flight for each in gauges] == [3, 2]
    assert [each.offered_rps for each in gauges] == [20, 20]
    assert not {each.due_s for each in first.records} & {each.due_s for each in second.records}
