"""One real control plane for all tests of this room, and a quiet demo for each."""

from collections.abc import Iterator

import pytest

from tests.control_plane.demo import RealDemo, deployed


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDemo]:
    with deployed(tmp_path_factory.mktemp("plane")) as demo:
        yield demo


@pytest.fixture
def demo(plane: RealDemo) -> Iterator[RealDemo]:
    """The demo at rest: nothing waits, KEDA steers, and the pools are as they were deployed."""
    plane.frontend.queued = plane.frontend.in_flight = 0
    yield plane
    plane.frontend.queued = plane.frontend.in_flight = 0
