"""The same requests against the rehearsal's API and, when asked, against a real cluster.

`pytest -m cluster` with KUBECONFIG set runs every test that takes `api` through `kubectl proxy`,
in a namespace of its own. The cluster needs the Dynamo and KEDA definitions.
"""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import yaml

from gtc_runtime.rehearsal.kube_api import KubeApiServer, Store
from tests.contract.kube_api.client import Api, adapter, config_map


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as client:
        yield client


@asynccontextmanager
async def serving(session: aiohttp.ClientSession) -> AsyncIterator[Api]:
    """The rehearsal's API alone, with its store in reach."""
    store = Store()
    server = KubeApiServer(store)
    url = await server.start()
    yield Api(url, "dynamo-workload", session, store=store, server=server)
    await server.stop()


@asynccontextmanager
async def proxied(session: aiohttp.ClientSession) -> AsyncIterator[Api]:
    """A real cluster behind `kubectl proxy`, in a namespace that goes away afterwards."""
    proxy = await asyncio.create_subprocess_exec(
        "kubectl", "proxy", "--port=0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert proxy.stdout
        first = await asyncio.wait_for(proxy.stdout.readline(), 10)
        found = re.search(rb"127\.0\.0\.1:\d+", first)
        assert found, first
        api = Api(f"http://{found[0].decode()}", f"gtc-contract-{secrets.token_hex(3)}", session)
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": api.namespace}}
        assert (await api.send("POST", "/api/v1/namespaces", body)).status == 201
        try:
            yield api
        finally:
            await api.send("DELETE", f"/api/v1/namespaces/{api.namespace}")
    finally:
        proxy.terminate()
        await proxy.wait()


async def with_first_objects(api: Api) -> Api:
    """Create one adapter "one" and one ConfigMap "notes"."""
    await api.make("adapters", adapter())
    await api.make("configmaps", config_map(a="1"))
    return api


@pytest.fixture
async def rehearsal(session: aiohttp.ClientSession) -> AsyncIterator[Api]:
    """The rehearsal's API, holding one adapter "one" and one ConfigMap "notes"."""
    async with serving(session) as api:
        yield await with_first_objects(api)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Aim the contract at a real cluster under `-m cluster`, at the rehearsal otherwise."""
    if "api" not in metafunc.fixturenames:
        return
    if "cluster" in metafunc.config.getoption("markexpr"):
        where = pytest.param("cluster", marks=pytest.mark.cluster)
    else:
        where = pytest.param("rehearsal")
    metafunc.parametrize("api", [where], indirect=True)


@pytest.fixture
async def api(request: pytest.FixtureRequest, session: aiohttp.ClientSession) -> AsyncIterator[Api]:
    """The API under contract, holding one adapter "one" and one ConfigMap "notes"."""
    if request.param == "cluster" and not os.environ.get("KUBECONFIG"):
        pytest.skip("no KUBECONFIG")
    place = proxied if request.param == "cluster" else serving
    async with place(session) as reached:
        yield await with_first_objects(reached)


@pytest.fixture
def kubeconfig(rehearsal: Api, tmp_path: Path) -> Path:
    """A private kubeconfig for the rehearsal's API."""
    assert rehearsal.server
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(rehearsal.server.kubeconfig()))
    return path
