"""The rehearsal's API server: HTTP on loopback in front of a `Store`."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web

from gtc_rehearsal.kube_api import errors
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.http import answers, discovery, openapi, requests
from gtc_rehearsal.kube_api.http.paths import parse
from gtc_rehearsal.kube_api.http.port_forward import PortForward
from gtc_rehearsal.kube_api.http.verbs import Verbs
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_spec import names

HOST = "127.0.0.1"
CONTEXT = "gtc-rehearsal"
"""Cluster, user and context name in the private kubeconfig."""

_MAX_BODY_BYTES = 3 * 1024 * 1024
_HEALTH = frozenset({"/healthz", "/readyz", "/livez"})
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

_logger = logging.getLogger(__name__)


class KubeApiServer:
    """Serves one store over HTTP; no authentication, loopback only.

    Args:
        store: The objects.

    Attributes:
        ports: Forwards ports of pods; whoever plays the kubelet says where they listen.
        url: Base URL; empty before `start`.
    """

    def __init__(self, store: Store) -> None:
        self.ports = PortForward(store)
        self.url = ""
        self._verbs = Verbs(store)
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen on any free port; returns the base URL."""
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self.answer)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        """Close every connection, running watches included."""
        if self._runner:
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

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer to any request; a refusal is an answer too."""
        try:
            return await self._respond(request)
        except ApiError as error:
            return answers.refusal(error)
        except UnicodeDecodeError as error:
            return answers.refusal(errors.bad_request(f"the body is not text: {error}"))
        except (ConnectionError, web.HTTPException):
            raise
        except Exception:
            _logger.exception("the rehearsal API failed on %s %s", request.method, request.path)
            return answers.refusal(ApiError(500, "InternalError", "internal error"))

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        if target := parse(request.path):
            return await self._verbs.handle(request, target)
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
