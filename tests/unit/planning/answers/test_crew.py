"""Work spread over processes: same answers, same order, progress told."""

from functools import partial

import pytest

from gtc_runtime.planning.answers.crew import crew


@pytest.mark.parametrize("processes", [1, 2])
def test_each_piece_is_done_in_order_and_told(processes: int) -> None:
    told: list[int] = []

    with crew(processes, lambda: told.append(1)) as workers:
        found = list(workers.each(partial(pow, 2), [3, 1, 2]))

    assert found == [8, 2, 4]
    assert len(told) == 3
