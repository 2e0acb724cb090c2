"""The same requests against the rehearsal's API and, when asked, against a real cluster.

Every test that takes `api` also runs against a real cluster, in a namespace of its own, when one
is given: see `tests/contract/real_cluster.py`.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import yaml

from gtc_rehearsal.kube_api import KubeApiServer, Store
from tests.contract import real_cluster
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
async def borrowed(session: aiohttp.ClientSession, url: str) -> AsyncIterator[Api]:
    """A real cluster, in a namespace that goes away afterwards."""
    api = Api(url, f"gtc-contract-{secrets.token_hex(3)}", session)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": api.namespace}}
    assert (await api.send("POST", "/api/v1/namespaces", body)).status == 201
    try:
        yield api
    finally:
        await api.send("DELETE", f"/api/v1/namespaces/{api.namespace}")


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


@pytest.fixture
async def api(request: pytest.FixtureRequest, session: aiohttp.ClientSession) -> AsyncIterator[Api]:
    """The API under contract, holding one adapter "one" and one ConfigMap "notes"."""
    if request.param == "rehearsal":
        place = serving(session)
    else:
        place = borrowed(session, real_cluster.of(request).url)
    async with place as reached:
        yield await with_first_objects(reached)


@pytest.fixture
def kubeconfig(rehearsal: Api, tmp_path: Path) -> Path:
    """A private kubeconfig for the rehearsal's API."""
    assert rehearsal.server
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(rehearsal.server.kubeconfig()))
    return path
