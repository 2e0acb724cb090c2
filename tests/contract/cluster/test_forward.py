"""A forwarded port: bytes both ways, streams, many at once, and a pod that is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from gtc_rehearsal.kube_api.http.server import KubeApiServer
from gtc_rehearsal.kube_api.resources import POD, SERVICE
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_runtime.cluster.api import forward
from gtc_runtime.cluster.api.errors import KubeError, NotFound
from gtc_runtime.cluster.api.forward import Inside, forwarded

N, LABELS = "default", {"app": "web"}
WEB = Inside(N, "web", 80)


class Shop:
    """A Service with pods; each pod is a small web server that says its name."""

    def __init__(self, folder: Path) -> None:
        self.store = Store()
        self.api = KubeApiServer(self.store)
        self.file = folder / "kubeconfig"
        self.addresses: dict[str, tuple[str, int]] = {}
        self._runners: list[web.AppRunner] = []

    async def start(self) -> None:
        await self.api.start()
        self.api.ports.listens = lambda pod, port: (
            self.addresses.get(pod["metadata"]["name"]) if port == 8080 else None
        )
        self.file.write_text(yaml.safe_dump(self.api.kubeconfig()))
        self.service([{"name": "http", "port": 80, "targetPort": "http"}])

    def service(self, ports: list[dict[str, Any]]) -> None:
        if self.store.exists(SERVICE, "web", N):
            self.store.delete(SERVICE, "web", N)
        spec = {"selector": LABELS, "ports": ports}
        made = {"metadata": {"name": "web", "namespace": N}, "spec": spec}
        self.store.create(SERVICE, {"apiVersion": "v1", "kind": "Service", **made})

    async def pod(self, name: str, *, ready: bool = True) -> None:
        """A pod that answers with its name, slowly below /slow and for ever below /stream."""

        async def say(request: web.Request) -> web.StreamResponse:
            if request.path != "/stream":
                return web.Response(text=name + "x" * int(request.query.get("more", 0)))
            response = web.StreamResponse()
            await response.prepare(request)
            with suppress(ConnectionError):
                while True:
                    await response.write(b"tick ")
                    await asyncio.sleep(0.05)
            return response

        async def echo(request: web.Request) -> web.Response:
            return web.Response(body=await request.read())

        app = web.Application(client_max_size=2**24)
        app.router.add_get("/{any:.*}", say)
        app.router.add_post("/{any:.*}", echo)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._runners.append(runner)
        self.addresses[name] = ("127.0.0.1", runner.addresses[0][1])
        container = {"name": "web", "ports": [{"name": "http", "containerPort": 8080}]}
        manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": N, "labels": LABELS},
            "spec": {"nodeName": "node-1", "containers": [container]},
        }
        self.store.create(POD, manifest)
        self.is_ready(name, ready)

    def is_ready(self, name: str, ready: bool) -> None:
        condition = {"type": "Ready", "status": "True" if ready else "False"}
        status = {"status": {"phase": "Running", "conditions": [condition]}}
        self.store.patch(POD, name, N, status, "status", actor="kubelet")

    async def stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        await self.api.stop()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    made = Shop(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def get(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


async def test_a_service_answers_on_this_machine(shop: Shop) -> None:
    await shop.pod("one")
    async with forwarded(str(shop.file), WEB) as url:
        assert url.startswith("http://127.0.0.1:")
        assert await get(url) == "one"
    with pytest.raises(aiohttp.ClientError):
        await get(url)


async def test_megabytes_go_both_ways_unchanged(shop: Shop) -> None:
    await shop.pod("one")
    sent = bytes(range(256)) * 8192
    async with forwarded(str(shop.file), WEB) as url, aiohttp.ClientSession() as session:
        async with session.post(url, data=sent) as answer:
            assert await answer.read() == sent
        assert len(await get(f"{url}?more=3000000")) == 3_000_003


async def test_three_hundred_connections_at_once_are_carried(shop: Shop) -> None:
    """As many as streams of the load; a pool of a hundred would hold up the others."""
    await shop.pod("one")
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        forwarded(str(shop.file), WEB) as url,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        streams = await asyncio.gather(*(session.get(f"{url}/stream") for _ in range(300)))
        firsts = await asyncio.gather(*(each.content.readexactly(5) for each in streams))
        for each in streams:
            each.close()
    assert set(firsts) == {b"tick "}


async def test_a_pod_deleted_in_the_middle_ends_its_streams_and_the_next_request_is_answered(
    shop: Shop,
) -> None:
    await shop.pod("one")
    async with forwarded(str(shop.file), WEB) as url, aiohttp.ClientSession() as session:
        async with session.get(f"{url}/stream") as stream:
            assert await stream.content.readexactly(5) == b"tick "
            shop.store.delete(POD, "one", N)
            await shop.pod("two", ready=False)
            with pytest.raises(aiohttp.ClientError):
                await asyncio.wait_for(stream.content.read(), 5)
        asked = asyncio.create_task(get(url))
        await asyncio.sleep(0.2)
        assert not asked.done()  # it waits for a pod instead of failing
        shop.is_ready("two", True)
        assert await asyncio.wait_for(asked, 5) == "two"


async def test_a_pod_that_is_going_gets_no_new_connection(shop: Shop) -> None:
    await shop.pod("one")
    await shop.pod("two")
    async with forwarded(str(shop.file), WEB) as url:
        shop.is_ready("two", False)
        assert await get(url) == "one"


async def test_a_number_as_target_port_is_taken_as_it_is(shop: Shop) -> None:
    await shop.pod("one")
    shop.service([{"port": 80, "targetPort": 8080}])
    async with forwarded(str(shop.file), WEB) as url:
        assert await get(url) == "one"


async def test_a_port_where_nothing_listens_breaks_the_connection_and_is_told(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await shop.pod("one")
    shop.service([{"port": 80, "targetPort": 9}])
    async with forwarded(str(shop.file), WEB) as url:
        with pytest.raises(aiohttp.ClientError):
            await get(url)
    assert "the pod refuses: error forwarding port 9 to pod one" in caplog.text


async def test_without_a_ready_pod_it_is_told_before_anybody_connects(shop: Shop) -> None:
    await shop.pod("one", ready=False)
    with pytest.raises(
        KubeError, match=r"no pod behind web in default is ready \(Running\)"
    ) as told:
        async with forwarded(str(shop.file), WEB):
            pass
    assert told.value.hint == "kubectl -n default get pods"


async def test_a_service_that_is_not_there_is_told(shop: Shop) -> None:
    with pytest.raises(NotFound, match="services/other"):
        async with forwarded(str(shop.file), Inside(N, "other", 80)):
            pass


async def test_a_named_port_that_no_container_has_is_told(shop: Shop) -> None:
    await shop.pod("one")
    shop.service([{"port": 80, "targetPort": "metrics"}])
    with pytest.raises(KubeError, match="pod one has no port named metrics"):
        async with forwarded(str(shop.file), WEB):
            pass


async def test_a_connection_gives_up_when_no_pod_comes_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "READY_S", 0.3)
    await shop.pod("one")
    async with forwarded(str(shop.file), WEB) as url:
        shop.store.delete(POD, "one", N)
        with pytest.raises(aiohttp.ClientError):
            await asyncio.wait_for(get(url), 5)


@pytest.mark.parametrize(
    ("path", "headers", "status", "said"),
    [
        ("one/portforward?ports=8080", {}, 400, "Upgrade request required"),
        ("gone/portforward?ports=8080", {}, 404, 'pods "gone" not found'),
        ("homeless/portforward?ports=8080", {}, 400, "does not have a host assigned"),
    ],
)
async def test_what_is_no_upgrade_is_refused_like_by_kubernetes(
    shop: Shop, path: str, headers: dict[str, str], status: int, said: str
) -> None:
    await shop.pod("one")
    lost = {"metadata": {"name": "homeless", "namespace": N}, "spec": {"containers": []}}
    shop.store.create(POD, {"apiVersion": "v1", "kind": "Pod", **lost})
    url = f"{shop.api.url}/api/v1/namespaces/{N}/pods/{path}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        assert answer.status == status
        assert said in (await answer.json())["message"]


async def test_the_frames_are_those_of_the_protocol(shop: Shop) -> None:
    await shop.pod("one")
    url = f"{shop.api.url}/api/v1/namespaces/{N}/pods/one/portforward?ports=8080"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=("v4.channel.k8s.io",)) as socket,
    ):
        assert socket.protocol == "v4.channel.k8s.io"
        firsts = [await socket.receive_bytes() for _ in range(2)]
        await socket.send_bytes(b"\x00GET / HTTP/1.0\r\n\r\n")
        answer = await socket.receive_bytes()
    assert firsts == [b"\x00\x90\x1f", b"\x01\x90\x1f"]
    assert answer.startswith(b"\x00HTTP/1.0 200 OK")


async def test_kr8s_forwards_through_it_too(shop: Shop) -> None:
    """The rehearsal's side, met by a client that knows nothing of ours."""
    from kr8s.asyncio import Api
    from kr8s.asyncio.objects import Pod

    await shop.pod("one")
    api = Api(bypass_factory=True, kubeconfig=str(shop.file), namespace=N)
    await api.auth.reauthenticate()
    pod = await Pod.get("one", namespace=N, api=api)
    async with pod.portforward(8080, "auto") as port:
        assert await get(f"http://127.0.0.1:{port}/") == "one"
