"""How often claims are looked at: what a look costs says when the next one is."""

import pytest

from gtc_runtime.telling.claims import SHARE, Pace


@pytest.mark.parametrize(("cost_s", "next_s"), [(0.002, 101), (0.01, 101), (0.04, 104), (0.5, 150)])
def test_a_look_takes_a_hundredth_of_a_core_however_dear_it_has_become(
    cost_s: float, next_s: float
) -> None:
    spent_s = iter((7.0, 7.0 + cost_s * 0.999))
    pace = Pace(lambda: next(spent_s))

    assert pace.due(100.4)
    assert pace.look(100.4, lambda: "seen") == "seen"
    assert not pace.due(next_s - 0.1)
    assert pace.due(next_s)
    assert cost_s / (next_s - 100) <= SHARE
