"""A Service behind the API server's proxy answers on loopback like any server."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web

from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.api.service_proxy import reached

from .conftest import LIMITS, NAMESPACE

PROXY = f"/api/v1/namespaces/{NAMESPACE}/services/gtc-demo-frontend:8000/proxy"


@pytest.fixture
async def answer(tmp_path: Path) -> AsyncIterator[Kube]:
    """A client of an API server that has nothing but the proxy of one Service."""

    async def version(_request: web.Request) -> web.Response:
        return web.json_response({"gitVersion": "v1.34.0"})

    async def echo(request: web.Request) -> web.Response:
        said = {"method": request.method, "query": dict(request.query)}
        return web.json_response(said | {"body": await request.text()})

    app = web.Application()
    app.router.add_get("/version{slash:/?}", version)
    app.router.add_route("*", f"{PROXY}/v1/models", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = {"server": f"http://127.0.0.1:{runner.addresses[0][1]}"}
    file = tmp_path / "kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "t", "cluster": server}],
        "users": [{"name": "t", "user": {}}],
        "contexts": [{"name": "t", "context": {"cluster": "t", "user": "t"}}],
        "current-context": "t",
    }
    file.write_text(yaml.safe_dump(config))
    kube = await Kube.connect(NAMESPACE, str(file), LIMITS)
    yield kube
    await kube.close()
    await runner.cleanup()


async def test_method_query_and_body_arrive_as_they_were_sent(answer: Kube) -> None:
    async with (
        reached(answer, NAMESPACE, "gtc-demo-frontend", 8000) as url,
        aiohttp.ClientSession() as session,
    ):
        async with session.get(f"{url}/v1/models?query=up%7B%7D") as got:
            asked = await got.json(content_type=None)
        async with session.post(f"{url}/v1/models", json={"max_tokens": 4}) as got:
            posted = await got.json(content_type=None)

    assert asked == {"method": "GET", "query": {"query": "up{}"}, "body": ""}
    assert posted == {"method": "POST", "query": {}, "body": '{"max_tokens": 4}'}


async def test_a_refusal_of_kubernetes_comes_back_with_its_status_and_words(answer: Kube) -> None:
    async with (
        reached(answer, NAMESPACE, "no-such-service", 80) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/") as got,
    ):
        assert got.status == 404
        assert "reach no-such-service.dynamo-workload/" in await got.text()
