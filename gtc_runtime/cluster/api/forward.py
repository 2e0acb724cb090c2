"""A Service of the cluster on a port of this machine, for streams too, and through restarted pods.

Nothing of the demo faces the internet; whoever may port-forward (an administrator's kubeconfig)
reaches a Service by this, without kubectl. Every connection looks for a ready pod anew and has its
own WebSocket to it (``v4.channel.k8s.io``, which the kubelet speaks), so that a pod that is
replaced costs the connections to it and nothing else. kr8s finds server, certificates and token;
its own forwarder keeps one pod and asks without a pause for another. This module must not know what
is behind a Service.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from gtc_runtime.cluster.api.errors import KubeError, NotFound, Unreachable, first_line, refusal
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.api.transport import Limits, open_api
from gtc_spec.kinds import POD, SERVICE

PROTOCOL: Final = "v4.channel.k8s.io"
DATA, ERROR = 0, 1
"""Channels of the first port; the first byte of every frame names one. The first frame of each
channel is the port, two bytes."""
READY_S: Final = 60.0
"""Longest wait of a connection for a ready pod: a panel that is replaced needs half of it."""
POLL_INTERVAL_S: Final = 0.5
CONNECT_S: Final = 10.0
HEARTBEAT_S: Final = 20.0
_CHUNK: Final = 64 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inside:
    """A Service inside the cluster."""

    namespace: str
    service: str
    port: int


@contextlib.asynccontextmanager
async def forwarded(
    kubeconfig: str | None, inside: Inside, local_port: int = 0
) -> AsyncIterator[str]:
    """Base URL on this machine under which a Service answers while the context lasts.

    Args:
        kubeconfig: File to use; None takes the pod's account.
        inside: The Service.
        local_port: Port of this machine; 0 takes any free one.

    Raises:
        KubeError: No cluster answers, there is no such Service, or no pod of it is ready now.
    """
    async with contextlib.AsyncExitStack() as stack:
        kube = await stack.enter_async_context(
            await Kube.connect(inside.namespace, kubeconfig, Limits(exchange_s=5.0))
        )
        tunnel = await _Tunnel.open(kubeconfig, inside.namespace)
        stack.push_async_callback(tunnel.close)
        forward = _Forward(kube, tunnel, inside)
        await forward.pod()  # fails now and not in a connection that breaks
        server = await asyncio.start_server(forward.carry, "127.0.0.1", local_port)
        stack.push_async_callback(forward.stop)
        stack.callback(server.close)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class _Forward:
    """Carries the connections to one Service."""

    def __init__(self, kube: Kube, tunnel: _Tunnel, inside: Inside) -> None:
        self._kube, self._tunnel, self._inside = kube, tunnel, inside
        self._tasks: set[asyncio.Task[Any]] = set()

    async def pod(self) -> tuple[str, int]:
        """A ready pod of the Service, and its port.

        Raises:
            KubeError: There is none, or Kubernetes does not answer.
        """
        place = self._inside
        service = (await self._kube.get(SERVICE, place.service)).get("spec") or {}
        selector = service.get("selector") or {}
        pods = await self._kube.list(POD, selector) if selector else []
        ready = [pod for pod in pods if _is_ready(pod)]
        if not ready:
            phases = ", ".join(str((pod.get("status") or {}).get("phase")) for pod in pods)
            raise Unreachable(
                f"no pod behind {place.service} in {place.namespace} is ready"
                f" ({phases or 'there is none'})",
                f"kubectl -n {place.namespace} get pods",
            )
        newest = max(ready, key=lambda pod: str(pod["metadata"].get("creationTimestamp")))
        return str(newest["metadata"]["name"]), _target_port(service, place.port, newest)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            async with self._connected() as socket:
                await _pump(reader, writer, socket)
        except KubeError as error:
            log.warning("%s: %s", self._inside.service, error.message)
        except (OSError, aiohttp.ClientError) as error:
            log.info("a connection to %s ended: %s", self._inside.service, error)
        finally:
            writer.close()

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket to a ready pod; waits for one while pods are replaced."""
        give_up_s = time.monotonic() + READY_S
        while True:
            try:
                name, port = await self.pod()
                socket = await self._tunnel.connect(self._inside.namespace, name, port)
                break
            except KubeError as error:
                passes = isinstance(error, (Unreachable, NotFound)) or error.status in (400, 409)
                if not passes or time.monotonic() > give_up_s:
                    raise
            await asyncio.sleep(POLL_INTERVAL_S)
        async with socket:
            yield socket

    async def stop(self) -> None:
        """End every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Tunnel:
    """Opens WebSockets to pods with the credentials of a kubeconfig."""

    def __init__(self, api: Any, session: aiohttp.ClientSession, tls: Any) -> None:
        self._api, self._session, self._tls = api, session, tls

    @classmethod
    async def open(cls, kubeconfig: str | None, namespace: str) -> _Tunnel:
        api = await open_api(kubeconfig, namespace, Limits())
        tls: Any = await api.auth.ssl_context()  # type: ignore[no-untyped-call]
        # a stream of the load is a connection, and there may be hundreds
        return cls(api, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)), tls)

    async def connect(self, namespace: str, pod: str, port: int) -> aiohttp.ClientWebSocketResponse:
        """A WebSocket to a port of a pod.

        Raises:
            KubeError: Kubernetes refuses or does not answer.
        """
        auth, action = self._api.auth, f"forward port {port} of pods/{pod}"
        server = str(auth.server).rstrip("/")
        headers = {"Authorization": f"Bearer {auth.token}"} if auth.token else {}
        try:
            async with asyncio.timeout(CONNECT_S):
                return await self._session.ws_connect(
                    f"{server}/api/v1/namespaces/{namespace}/pods/{pod}/portforward",
                    params={"ports": str(port)},
                    protocols=(PROTOCOL,),
                    headers=headers,
                    ssl=self._tls,
                    server_hostname=auth.tls_server_name,
                    proxy=auth.proxy,
                    heartbeat=HEARTBEAT_S,
                    max_msg_size=0,
                )
        except aiohttp.WSServerHandshakeError as error:
            raise refusal(action, error.status, error.message.encode()) from None
        except (TimeoutError, OSError, aiohttp.ClientError) as error:
            cause = first_line(str(error)) or type(error).__name__
            raise Unreachable(f"no answer from kubernetes to {action}: {cause}") from None

    async def close(self) -> None:
        await self._session.close()


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    socket: aiohttp.ClientWebSocketResponse,
) -> None:
    """Copy both ways until one side ends; the protocol has no half-closed connections."""
    ways = [
        asyncio.create_task(_outward(reader, socket)),
        asyncio.create_task(_inward(socket, writer)),
    ]
    try:
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in done:
            way.result()
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _outward(reader: asyncio.StreamReader, socket: aiohttp.ClientWebSocketResponse) -> None:
    while data := await reader.read(_CHUNK):
        await socket.send_bytes(bytes([DATA]) + data)


async def _inward(socket: aiohttp.ClientWebSocketResponse, writer: asyncio.StreamWriter) -> None:
    opened = set()
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
            continue
        channel, data = message.data[0], message.data[1:]
        if channel not in opened:
            opened.add(channel)  # the port, sent back
        elif channel == ERROR:
            raise KubeError(f"the pod refuses: {first_line(data.decode(errors='replace'))}")
        elif channel == DATA:
            writer.write(data)
            await writer.drain()


def _is_ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    is_going = bool(pod["metadata"].get("deletionTimestamp"))
    ready = any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
    return ready and not is_going


def _target_port(service: Json, port: int, pod: Json) -> int:
    """The pod's port behind a Service's port; by number or by the name that the pod gives it."""
    ports = service.get("ports") or []
    target = next((each.get("targetPort") for each in ports if each.get("port") == port), port)
    if isinstance(target, int):
        return target
    for container in (pod.get("spec") or {}).get("containers") or []:
        for each in container.get("ports") or []:
            if each.get("name") == target:
                return int(each["containerPort"])
    raise KubeError(f"pod {pod['metadata']['name']} has no port named {target}")
