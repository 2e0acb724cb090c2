"""A Service of the cluster on loopback, through the API server's own proxy.

Nothing of the demo faces the internet. Whoever may use the API server's service proxy (an
administrator's kubeconfig) reaches a Service with plain HTTP clients through this, without
kubectl. Whole answers only, no streams. It must not know what is behind a Service.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from gtc_runtime.cluster.api.errors import KubeError
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.api.transport import Request

_BODY_BYTES_MAX: Final = 1024 * 1024


@contextlib.asynccontextmanager
async def reached(kube: Kube, namespace: str, service: str, port: int) -> AsyncIterator[str]:
    """Base URL under which a Service answers while the context lasts.

    A refusal of Kubernetes comes back with its status (403, 404, 503 without ready pods) and its
    words; 502 when Kubernetes does not answer.

    Args:
        kube: Whose connection to use.
        namespace: Of the Service.
        service: Its name.
        port: Its port.
    """
    target = ("services", f"{service}:{port}", "proxy")

    async def forward(request: web.Request) -> web.Response:
        path = [part for part in request.path.split("/") if part]
        asked = Request(
            request.method,
            f"reach {service}.{namespace}{request.path}",
            "v1",
            (*target, *path),
            namespace,
            params=dict(request.query),
            body=await request.read() or None,
            content_type=request.headers.get("Content-Type", "application/json"),
            repeatable=request.method == "GET",
        )
        try:
            answer = await kube.transport.send(asked)
        except KubeError as error:
            return web.Response(status=error.status or 502, text=error.message)
        return web.Response(status=answer.status, body=answer.body)

    app = web.Application(client_max_size=_BODY_BYTES_MAX)
    app.router.add_route("*", "/{path:.*}", forward)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
