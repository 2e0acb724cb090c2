"""How often claims are looked at: what looks cost says when the next one is."""

import pytest

from gtc_runtime.telling.claims import SHARE, Pace


def pace_after(*costs_s: float) -> Pace:
    """What has looked once a cost, every minute; the last time at 100.4 s."""
    spent_s = iter([each for cost_s in costs_s for each in (7.0, 7.0 + cost_s * 0.999)])
    pace = Pace(lambda: next(spent_s))
    for place in range(len(costs_s), 0, -1):
        at_s = 100.4 - 60 * (place - 1)
        assert pace.due(at_s)
        assert pace.look(at_s, lambda: "seen") == "seen"
    return pace


@pytest.mark.parametrize(("cost_s", "next_s"), [(0.002, 101), (0.01, 101), (0.04, 104), (0.5, 150)])
def test_looks_take_a_hundredth_of_a_core_however_dear_they_have_become(
    cost_s: float, next_s: float
) -> None:
    pace = pace_after(cost_s, cost_s)

    assert not pace.due(next_s - 0.1)
    assert pace.due(next_s)
    assert cost_s / (next_s - 100) <= SHARE


@pytest.mark.parametrize("costs_s", [(0.5,), (0.002, 0.5), (0.5, 0.002)])
def test_one_look_that_took_long_does_not_put_off_the_next(costs_s: tuple[float, ...]) -> None:
    assert pace_after(*costs_s).due(101)
