"""The releases of every environment, as the stacks describe them."""

import pytest

from gtc_spec.environment import ENVIRONMENTS
from tests.synthesised import Synthesised, stack_of_demo


@pytest.fixture(params=ENVIRONMENTS)
def stack(request: pytest.FixtureRequest) -> Synthesised:
    return stack_of_demo(f"cluster-{request.param}")
