"""The rehearsal's API server: HTTP on loopback in front of a `Store`."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web

from gtc_rehearsal.kube_api import errors
from gtc_rehearsal.kube_api.access.accounts import Account, Accounts, user_of
from gtc_rehearsal.kube_api.access.asked import asked_by
from gtc_rehearsal.kube_api.access.rights import Rights
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.http import answers, discovery, openapi, requests
from gtc_rehearsal.kube_api.http.paths import parse
from gtc_rehearsal.kube_api.http.port_forward import PortForward
from gtc_rehearsal.kube_api.http.reviews import Reviews
from gtc_rehearsal.kube_api.http.verbs import Verbs
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_spec import names

HOST = "127.0.0.1"
CONTEXT = "gtc-rehearsal"
"""Cluster, user and context name in the private kubeconfig."""

_MAX_BODY_BYTES = 3 * 1024 * 1024
_HEALTH = frozenset({"/healthz", "/readyz", "/livez"})

_logger = logging.getLogger(__name__)


class KubeApiServer:
    """Serves one store over HTTP, on loopback only.

    Args:
        store: The objects.

    Attributes:
        accounts: Who may ask.
        rights: What accounts may do.
        ports: Forwards ports of pods; whoever plays the kubelet says where they listen.
        url: Base URL; empty before `start`.
    """

    def __init__(self, store: Store) -> None:
        self.rights = Rights(store)
        self.ports = PortForward(store)
        self.url = ""
        self.accounts = Accounts(store)
        self._reviews = Reviews(self.accounts, self.rights)
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

    def kubeconfig(self, account: Account | None = None) -> dict[str, Any]:
        """A kubeconfig for this server alone, as the content of its YAML file.

        Args:
            account: Whose; None for the administrator.

        Raises:
            ApiError: 404 when there is no such account.
        """
        user: dict[str, str] = {}
        if account:
            # kubectl sends no token over plain HTTP, and says as whom it acts instead
            user = {"token": self.accounts.token(*account), "as": user_of(account)}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": CONTEXT, "cluster": {"server": self.url}}],
            "users": [{"name": CONTEXT, "user": user}],
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
        user = self.accounts.user(request.headers.get("Authorization", ""))
        if acting := request.headers.get("Impersonate-User"):
            self.rights.require_impersonation(user, acting)
            user = acting
        self.rights.require(user, asked_by(request.method, request.path, request.query))
        request[requests.ASKER] = user
        if target := parse(request.path):
            return await self._verbs.handle(request, target)
        if forwarded := await self.ports.answer(request):
            return forwarded
        if reviewed := await self._reviews.answer(request, user):
            return reviewed
        path = request.path.rstrip("/")
        if path in _HEALTH:
            return web.Response(text="ok")
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
