"""One seed is one world, whatever was played before it and whatever lies where in memory."""

import asyncio
from typing import Any

import pytest

from tests.chaos.simulated.loop import VirtualLoop
from tests.chaos.simulated.replay import difference, played, played_apart

HOURS = 0.005


@pytest.mark.timeout(300)
def test_a_world_is_the_same_after_another_one_and_in_a_fresh_interpreter() -> None:
    first = played(5, HOURS)
    played(6, HOURS)

    assert difference(first, played(5, HOURS)) == ""
    assert difference(first, played_apart(5, HOURS, "4711")) == ""


def test_another_seed_is_another_world() -> None:
    assert "line" in difference(played(5, HOURS), played(6, HOURS))


def test_the_tasks_of_a_group_are_cancelled_in_the_same_order_wherever_they_lie() -> None:
    kept: list[Any] = []
    assert cancelled(kept) == cancelled(kept) == cancelled(kept)


def cancelled(kept: list[Any]) -> list[int]:
    """In which order twenty tasks of a group end; they are kept, so that others lie elsewhere."""
    loop, order = VirtualLoop(), list[int]()

    async def wait(number: int) -> None:
        try:
            await asyncio.sleep(60.0)
        finally:
            order.append(number)

    async def group() -> None:
        async with asyncio.TaskGroup() as tasks:
            kept.extend(tasks.create_task(wait(number), name=f"{number}") for number in range(20))

    task = loop.spawn(None, group())
    loop.run_until(1.0)
    task.cancel()
    loop.run_until(2.0)
    assert len(order) == 20
    return order
