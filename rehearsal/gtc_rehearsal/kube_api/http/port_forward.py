"""The ``portforward`` subresource of pods over WebSocket, as API server and kubelet speak it.

``v4.channel.k8s.io``: a frame begins with its channel, two for each port, data and error; the first
frame on each is the port as two bytes, low one first (kubernetes
staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go). Refusals come as a Status
before the upgrade, faults of the pod on the error channel after it. SPDY, which kubectl prefers, is
not spoken.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Final

from aiohttp import WSMsgType, web

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.kube_api.resources import POD
from gtc_rehearsal.kube_api.storage.store import Store

PROTOCOL: Final = "v4.channel.k8s.io"
_PATH: Final = re.compile(r"/api/v1/namespaces/([^/]+)/pods/([^/]+)/portforward")
_POLL_S: Final = 0.05
_CHUNK: Final = 32 * 1024
"""What the kubelet copies at a time."""

Address = tuple[str, int]
Listens = Callable[[Object, int], Address | None]
"""Where a port of a pod answers on this machine; None when nothing listens there."""


def nowhere(_pod: Object, _port: int) -> Address | None:
    """No pod listens anywhere."""
    return None


class PortForward:
    """Forwards ports of pods.

    Args:
        store: The pods.

    Attributes:
        listens: Where ports of pods answer; whoever plays the kubelet sets it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.listens: Listens = nowhere

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """Carry a forwarded port to its end; None when the request is for something else.

        Raises:
            ApiError: It is refused before the upgrade.
        """
        found = _PATH.fullmatch(request.path)
        if found is None:
            return None
        namespace, name = found[1], found[2]
        pod = self._store.get(POD, name, namespace)
        if not (pod.get("spec") or {}).get("nodeName"):
            raise ApiError(400, "BadRequest", f"pod {name} does not have a host assigned")
        socket = web.WebSocketResponse(protocols=(PROTOCOL,), max_msg_size=0)
        if not socket.can_prepare(request):
            raise ApiError(400, "BadRequest", "Upgrade request required")
        if PROTOCOL not in request.headers.get("Sec-WebSocket-Protocol", PROTOCOL):
            raise ApiError(403, "Forbidden", "unable to upgrade: unsupported protocol")
        ports = request.query.getall("ports", [])
        if len(ports) != 1 or not ports[0].isdecimal():
            raise ApiError(400, "BadRequest", 'query parameter "port" is required')
        await socket.prepare(request)
        await self._forward(socket, pod, int(ports[0]))
        return socket

    async def _forward(self, socket: web.WebSocketResponse, pod: Object, port: int) -> None:
        for channel in (0, 1):
            await socket.send_bytes(bytes([channel]) + port.to_bytes(2, "little"))
        address = self.listens(pod, port)
        meta = pod["metadata"]
        try:
            if address is None:
                raise ConnectionRefusedError("connection refused")
            reader, writer = await asyncio.open_connection(*address)
        except OSError as error:
            place = f"port {port} to pod {meta['name']}, uid {meta['uid']}"
            await socket.send_bytes(f"\x01error forwarding {place}: {error}".encode())
            await socket.close()
            return
        tasks = [
            asyncio.create_task(self._outward(socket, writer)),
            asyncio.create_task(self._inward(reader, socket)),
            asyncio.create_task(self._gone(meta["namespace"], meta["name"], meta["uid"])),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.close()
            await socket.close()

    async def _outward(self, socket: web.WebSocketResponse, writer: asyncio.StreamWriter) -> None:
        async for message in socket:
            if message.type is WSMsgType.BINARY and message.data[:1] == b"\x00":
                writer.write(message.data[1:])
                await writer.drain()

    async def _inward(self, reader: asyncio.StreamReader, socket: web.WebSocketResponse) -> None:
        while data := await reader.read(_CHUNK):
            await socket.send_bytes(b"\x00" + data)

    async def _gone(self, namespace: str, name: str, uid: str) -> None:
        """Wait until the pod is another one or none: its connections go with it."""
        while self._store.exists(POD, name, namespace):
            if self._store.get(POD, name, namespace)["metadata"]["uid"] != uid:
                return
            await asyncio.sleep(_POLL_S)
