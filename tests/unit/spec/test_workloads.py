"""One entry a workload: whoever adds one is told here, and nowhere else, what it lacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.prompts.makers import SINGLE
from gtc_spec.colours import INKS
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from gtc_spec.workloads import (
    FACTS,
    NAMED,
    STATS,
    TURNS,
    WORKLOADS,
    SingleShape,
    WorkloadMix,
    Workloads,
)

NONE = dict.fromkeys(WORKLOADS, 0)


def test_every_workload_has_facts_a_shape_and_a_maker_of_prompts() -> None:
    shapes = load("prod").workloads

    assert tuple(FACTS) == tuple(Workloads.model_fields) == WORKLOADS
    assert set(SINGLE) == {each for each in WORKLOADS if isinstance(shapes.of(each), SingleShape)}


def test_every_statistics_key_has_a_colour_and_none_is_used_twice() -> None:
    for facts in FACTS.values():
        assert 1 <= len(facts.keys) == len(facts.inks) <= len(TURNS)
    keys = [stat.key for stat in STATS]
    assert len(set(keys)) == len(keys)
    assert {stat.ink for stat in STATS} <= set(INKS)
    assert not {*keys} & {"all", "own", "own_turn2plus"}


def test_letters_and_titles_tell_workloads_apart() -> None:
    assert len({facts.letter for facts in FACTS.values()}) == len(WORKLOADS)
    assert len({stat.title for stat in STATS}) == len(STATS)


@given(st.permutations(WORKLOADS), st.integers(0, 100))
def test_a_mix_is_a_mapping_of_shares_by_name_in_any_order(order: list[str], first: int) -> None:
    shares = dict.fromkeys(order, 0) | {order[0]: first, order[-1]: 100 - first}

    mix = WorkloadMix.of(shares)

    assert mix == shares
    assert tuple(mix) == WORKLOADS
    assert hash(mix) == hash(WorkloadMix(*mix.values()))


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ({"chat": 100}, f"mix has chat, allowed: {NAMED}"),
        ({**NONE, "chat": 100, "poetry": 0}, rf"mix has chat, .*poetry.*, allowed: {NAMED}"),
        ({**NONE, "chat": 50}, "mix 50/0/0 adds up to 50, allowed: "),
    ],
)
def test_shares_by_name_must_be_those_of_all_workloads(shares: dict[str, int], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        WorkloadMix.of(shares)
