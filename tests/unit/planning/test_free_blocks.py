"""In what order an engine hands out its blocks, and what that makes of a transfer (L9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.planning.serving.free_blocks import FreeBlocks, Run, anywhere, pieces


def test_a_fresh_pool_hands_out_blocks_in_a_row() -> None:
    pool = FreeBlocks(100, fresh=True)

    assert pool.take(40) == [Run(0, 40, 1)]
    assert pool.take(60) == [Run(40, 60, 1)]


def test_what_is_given_back_comes_in_falling_order_and_the_next_time_in_rising_order() -> None:
    pool = FreeBlocks(100, fresh=True)
    steps = []
    for _ in range(4):
        taken = pool.take(100)
        steps.append([run.step for run in taken])
        pool.give_back(taken)

    assert steps == [[1], [-1], [1], [-1]]


def test_a_pool_that_is_not_fresh_never_lies_in_a_row() -> None:
    pool = FreeBlocks(100, fresh=False)
    for _ in range(3):
        taken = pool.take(30)
        assert {run.step for run in taken} == {0}
        pool.give_back(taken)


def test_a_pool_that_lacks_blocks_takes_what_others_hold() -> None:
    assert FreeBlocks(10, fresh=True).take(15) == [Run(0, 10, 1), Run(0, 5, 0)]


@pytest.mark.parametrize(
    ("sender", "receiver", "found"),
    [
        ([Run(0, 90, 1)], [Run(500, 90, 1)], 1),
        ([Run(0, 90, 1)], [Run(500, 90, -1)], 90),
        ([Run(90, 90, -1)], [Run(500, 90, -1)], 90),  # copied upwards in memory, one by one
        ([Run(0, 30, 1), Run(70, 60, 1)], [Run(500, 50, 1), Run(0, 40, 1)], 3),
        ([Run(0, 30, 1)], anywhere([Run(500, 30, 1)]), 30),
        ([], [Run(500, 90, 1)], 90),
    ],
)
def test_a_transfer_names_a_row_once_where_both_ends_rise_and_else_every_block(
    sender: list[Run], receiver: list[Run], found: int
) -> None:
    blocks = sum(run.blocks for run in receiver)

    assert pieces(blocks, sender, receiver) == found


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), max_size=40),
    st.booleans(),
)
def test_no_block_is_lost_or_handed_out_twice(asks: list[tuple[int, int]], fresh: bool) -> None:
    pool, lent = FreeBlocks(100, fresh=fresh), list[list[Run]]()
    for blocks, back in asks:
        held = sum(run.blocks for runs in lent for run in runs)
        if held + blocks <= 100:
            lent.append(pool.take(blocks))
        for _ in range(min(back, len(lent))):
            pool.give_back(lent.pop(0))
    rest = pool.take(100 - sum(run.blocks for runs in lent for run in runs))
    numbers = [
        run.first + run.step * number
        for run in (*rest, *(run for runs in lent for run in runs))
        for number in range(run.blocks)
    ]

    assert len(numbers) == 100
    assert not fresh or sorted(numbers) == list(range(100))
