"""When a figure is too old to be believed."""

import pytest

from gtc_panel.freshness import freshness


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(0, "fresh"), (5, "fresh"), (5.1, "stale"), (15, "stale"), (15.1, "gone"), (None, "gone")],
)
def test_figures_go_stale_after_5_s_and_are_gone_after_15_s(age_s, expected):
    assert freshness(age_s) == expected
