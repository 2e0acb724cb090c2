"""Where the contracts of the API and of its client hold: the rehearsal, and a real API server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import real_cluster


@pytest.fixture(scope="session")
def real_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A kubeconfig of a real cluster, see `real_cluster`; skips without one."""
    with real_cluster.reached(tmp_path_factory.mktemp("real")) as kubeconfig:
        yield kubeconfig


@pytest.fixture(scope="session")
def real_url(real_kubeconfig: Path) -> Iterator[str]:
    """Where the real cluster answers without credentials."""
    with real_cluster.proxied(real_kubeconfig) as url:
        yield url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test of a contract in both places."""
    for name in ("api", "cluster"):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, real_cluster.places(), indirect=True)
