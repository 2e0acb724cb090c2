"""Every part of `make chaos` in its small size, each in a process of its own."""

import pytest

from tests.chaos.parts import PARTS, Part
from tests.chaos.run import SEED, run_apart, table


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_slice_meets_every_figure(part: Part) -> None:
    result = run_apart(part, "slice", SEED)

    assert result.met, f"\n{table([result])}"
