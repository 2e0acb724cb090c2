"""The rehearsal's API server: HTTP on loopback in front of a `Store`."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

from aiohttp import web

from gtc_rehearsal.kube_api import errors
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.faults import Faults
from gtc_rehearsal.kube_api.http import answers, discovery, openapi, requests
from gtc_rehearsal.kube_api.http.paths import parse
from gtc_rehearsal.kube_api.http.port_forward import PortForward
from gtc_rehearsal.kube_api.http.verbs import Verbs
from gtc_rehearsal.kube_api.pod_logs import PodLogs
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_spec import names

HOST = "127.0.0.1"
CONTEXT = "gtc-rehearsal"
"""Cluster, user and context name in the private kubeconfig."""

LOG_LENGTH = 4096
_MAX_BODY_BYTES = 3 * 1024 * 1024
_HEALTH = frozenset({"/healthz", "/readyz", "/livez"})
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

_logger = logging.getLogger(__name__)


class KubeApiServer:
    """Serves one store over HTTP; no authentication, loopback only.

    Args:
        store: The objects.
        port: 0 for any free port.

    Attributes:
        faults: What a test puts in the way.
        log: The last requests as (method, path with query).
        logs: What containers said.
        url: Base URL; empty before `start`.
    """

    def __init__(self, store: Store, port: int = 0) -> None:
        self.faults = Faults()
        self.log: deque[tuple[str, str]] = deque(maxlen=LOG_LENGTH)
        self.logs = PodLogs()
        self.ports = PortForward(store)
        self.url = ""
        self._port = port
        self._verbs = Verbs(store, self.faults)
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen; returns the base URL.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        """Close every connection, running watches included."""
        if self._runner:
            self.faults.cut_watches()
            await self._runner.cleanup()
            self._runner = None

    def kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig for this server alone, as the content of its YAML file."""
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": CONTEXT, "cluster": {"server": self.url}}],
            "users": [{"name": CONTEXT, "user": {}}],
            "contexts": [
                {
                    "name": CONTEXT,
                    "context": {
                        "cluster": CONTEXT,
                        "user": CONTEXT,
                        "namespace": names.NAMESPACE_WORKLOAD,
                    },
                }
            ],
            "current-context": CONTEXT,
        }

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.log.append((request.method, request.path_qs))
        fault = await self.faults.take(request.method, request.path)
        if fault and not fault.after:
            return fault.answer()
        try:
            response = await self._respond(request)
        except ApiError as error:
            response = answers.refusal(error)
        except UnicodeDecodeError as error:
            response = answers.refusal(errors.bad_request(f"the body is not text: {error}"))
        except (ConnectionError, web.HTTPException):
            raise
        except Exception:
            _logger.exception("the rehearsal API failed on %s %s", request.method, request.path)
            response = answers.refusal(ApiError(500, "InternalError", "internal error"))
        return fault.answer() if fault else response

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        if target := parse(request.path):
            return await self._verbs.handle(request, target)
        if log := await self.logs.answer(request):
            return log
        if forwarded := await self.ports.answer(request):
            return forwarded
        path = request.path.rstrip("/")
        if path in _HEALTH:
            return web.Response(text="ok")
        if path == _REVIEWS and request.method == "POST":
            return await _access_review(request)
        found = _description(path, request.host)
        if found is None:
            return web.Response(status=404, text="404 page not found\n")
        return answers.answer(found)


def _description(path: str, address: str) -> dict[str, Any] | None:
    """What the server says about itself at a path; None when there is nothing."""
    if path == "/version":
        return discovery.VERSION
    parts = path.split("/")[1:]
    match parts:
        case ["api"]:
            return discovery.core_versions(address)
        case ["apis"]:
            return discovery.groups()
        case ["api", version]:
            return discovery.resources("", version)
        case ["apis", group]:
            return discovery.group(group)
        case ["apis", group, version]:
            return discovery.resources(group, version)
        case ["openapi", "v3", *rest]:
            return openapi.document("/".join(rest))
    return None


async def _access_review(request: web.Request) -> web.Response:
    """Everybody may do everything on a loopback server."""
    review = await requests.read_review(request)
    return answers.answer({**review, "status": {"allowed": True}}, 201)
