"""The prefix cache: whose, how much of it, and when it is lost (L10)."""

from dataclasses import replace

import pytest

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.blocks import PrefixCache
from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.requests import Conversation, Request
from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.planning.steady import Load, steady
from gtc_runtime.planning.topology import Topology
from gtc_spec.environment import load
from gtc_spec.workloads import WorkloadMix
from tests.unit.planning.bench import HARDWARE, Notes, Prefills, document, turn

CHATS = WorkloadMix.parse("100/0/0")


def ask(prefills: Prefills, talk: Conversation, prompt_tokens: int) -> Request:
    talk.prompt_tokens = prompt_tokens
    request = prefills.send(turn(talk, prefills.events.now_s))
    prefills.events.run()
    return request


def test_the_next_turn_finds_the_whole_blocks_of_the_previous_prompt_and_not_its_answer() -> None:
    prefills, talk = Prefills(), Conversation(2, 0)

    first, second = ask(prefills, talk, 5010), ask(prefills, talk, 5400)

    assert (first.cached_tokens, second.cached_tokens) == (0, 5010 // 32 * 32)


def test_an_aggregated_worker_holds_its_answers_too() -> None:
    events = Events()
    cluster = Cluster(HARDWARE, Topology(aggregated=1), events, Notes(events))
    talk = Conversation(2, 5010)
    first, second = turn(talk, answer=300), Request("chat_turn2plus", 60.0, 5400, 10, talk)
    for request in (first, second):
        cluster.send(request)
        events.run()

    assert second.cached_tokens == 5310 // 32 * 32


def test_a_chat_finds_nothing_of_another_chat() -> None:
    prefills = Prefills()

    ask(prefills, Conversation(1, 0), 5000)

    assert ask(prefills, Conversation(1, 0), 5400).cached_tokens == 0


def test_a_chat_goes_to_the_worker_that_holds_it_unless_that_has_more_to_do() -> None:
    prefills = Prefills(2, HARDWARE)
    talk = Conversation(9, 0)
    assert ask(prefills, talk, 5000).cached_tokens == 0
    assert ask(prefills, talk, 5400).cached_tokens == 4992

    for _ in range(4):
        prefills.send(document(prefills.events.now_s, 15_000))
    talk.prompt_tokens = 5800
    crowded = prefills.send(turn(talk, prefills.events.now_s + 0.1))
    prefills.events.run()

    assert crowded.cached_tokens == 5400 // 32 * 32


def test_a_prompt_is_lost_when_its_blocks_are_needed_for_others() -> None:
    prefills, talk = Prefills(hardware=replace(HARDWARE, kv_tokens=32_000)), Conversation(3, 0)
    ask(prefills, talk, 5000)
    for _ in range(2):
        ask(prefills, Conversation(1, 0), 12_000)
    kept = ask(prefills, talk, 5000)
    for _ in range(3):
        ask(prefills, Conversation(1, 0), 12_000)
    lost = ask(prefills, talk, 5000)

    assert kept.cached_tokens > 2900
    assert lost.cached_tokens == 0


def test_of_a_prompt_the_end_is_lost_before_the_beginning() -> None:
    cache = PrefixCache(10 * 32, 32)
    cache.put("old", 6 * 32)
    cache.put("new", 7 * 32)

    assert (cache.tokens_of("old"), cache.tokens_of("new")) == (3 * 32, 7 * 32)


def test_what_was_used_last_stays() -> None:
    cache = PrefixCache(10 * 32, 32)
    for owner in ("a", "b", "a", "c"):
        cache.put(owner, 5 * 32)

    assert [cache.tokens_of(owner) for owner in "abc"] == [160, 0, 160]


def test_a_prompt_larger_than_the_pool_leaves_no_room_for_others_and_takes_no_more() -> None:
    cache = PrefixCache(4 * 32, 32)
    cache.put("a", 64)
    cache.put("giant", 1000)

    assert (cache.tokens_of("a"), cache.tokens_of("giant")) == (0, 128)


def test_what_a_removed_worker_held_is_lost() -> None:
    events = Events()
    cluster = Cluster(replace(HARDWARE, worker_start_s=1), Topology(1, 1), events, Notes(events))
    talk = Conversation(1, 5000)
    cluster.send(turn(talk))
    events.run(20)
    cluster.order({"prefill": 2})
    events.run(30)
    holder_gone = cluster._prefill.ready.pop(0)
    assert holder_gone.idle
    after = Request("chat_turn2plus", 30.0, 5400, 10, talk)
    cluster.send(after)
    events.run()

    assert after.cached_tokens == 0


@pytest.mark.parametrize("name", ["prod", "dev"])
def test_chats_find_seventy_per_cent_of_their_prompts(name: str) -> None:
    """0.70 with two workers, 0.73 with one; in KV_CACHE_DEMO of prod and dev."""
    environment = load(name)
    simulation = Simulation(environment, Hardware.of(environment), 1)
    simulation.run()

    chats = [each for each in simulation.requests if 120 <= each.due_s < 240]
    cached = sum(each.cached_tokens for each in chats)
    share = cached / sum(each.prompt_tokens for each in chats)
    assert share == pytest.approx({"prod": 0.70, "dev": 0.73}[name], abs=0.04)
    assert {each.cached_tokens % 32 for each in chats} == {0}


def test_a_later_turn_has_its_first_token_sooner() -> None:
    prod = load("prod")
    found = steady(prod, HARDWARE, Topology(2, 3), Load(1.0, CHATS, "paced")).by_key
    first, later = (found[key].ttft_s for key in ("chat_turn1", "chat_turn2plus"))

    assert first is not None
    assert later is not None
    assert later.p50 < 0.4 * first.p50


@pytest.mark.parametrize(("engine", "tokens"), [("trtllm", 32), ("vllm", 16)])
def test_blocks_are_those_of_the_engine_also_where_nobody_has_timed_its_transfers(
    engine: str, tokens: int
) -> None:
    hardware = Hardware.of(load("dev", {"engine": engine}))
    assert hardware.profile.kv_transfer is None
    assert hardware.block_tokens == tokens
