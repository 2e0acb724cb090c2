"""Where the contracts of the API and of its client hold: the rehearsal, and a real API server."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter

from tests.contract import real_cluster
from tests.contract.real_cluster import RealCluster


@pytest.fixture(scope="session")
def real_control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """A control plane that was built here; skips without one."""
    with real_cluster.built(tmp_path_factory.mktemp("real")) as reached:
        yield reached


@pytest.fixture(scope="session")
def real_given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """The cluster of KUBECONFIG; skips without one."""
    with real_cluster.given() as reached:
        yield reached


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test of a contract in all places, in which it can."""
    bare = metafunc.definition.get_closest_marker("webhook") is None
    for name in ("api", "cluster"):
        if name in metafunc.fixturenames:
            places = real_cluster.PLACES if bare else real_cluster.PLACES[:1]
            metafunc.parametrize(name, places, indirect=True)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say for each contract in which places it was held."""
    held: Counter[tuple[str, str]] = Counter()
    for report in terminalreporter.getreports("passed"):
        if found := re.match(
            r"tests/contract/(\w+)/.*\[(rehearsal|control_plane|given)", report.nodeid
        ):
            held[found[1], found[2]] += 1
    for (suite, place), tests in sorted(held.items()):
        terminalreporter.write_line(f"contract {suite} held in {place}: {tests} tests")
