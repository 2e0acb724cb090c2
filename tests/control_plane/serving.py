"""Stands in for Dynamo: a frontend whose metrics have knobs, and workers that follow orders."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.resources import DGDSA, POD
from gtc_spec import names
from gtc_spec.pools import ROLES, Role
from tests.contract.remote_store import RemoteStore

N = names.NAMESPACE_WORKLOAD
LOOK_S = 0.3
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


class Frontend:
    """Answers every prompt with two tokens.

    Attributes:
        queued: Requests that wait for their first token, as its metrics say.
        in_flight: Requests that are not finished, as its metrics say.
        url: Where it listens.
    """

    def __init__(self, model: str) -> None:
        self.queued = self.in_flight = 0
        self.model = model
        handler = type("Handler", (_Handler,), {"frontend": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def metrics(self) -> str:
        figures = {"queued": self.queued, "inflight": self.in_flight}
        return "".join(
            f"# TYPE dynamo_frontend_{name}_requests gauge\n"
            f'dynamo_frontend_{name}_requests{{model="{self.model}"}} {value}\n'
            for name, value in figures.items()
        )


class _Handler(BaseHTTPRequestHandler):
    frontend: Frontend

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self._say(self.frontend.metrics(), "text/plain; version=0.0.4")
        else:
            self._say(json.dumps({"data": [{"id": self.frontend.model}]}), "application/json")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        frames: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": "length"}]},
            {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
        ]
        said = [f"data: {json.dumps(frame)}\n\n" for frame in frames]
        self._say("".join([*said, "data: [DONE]\n\n"]), "text/event-stream")

    def _say(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


class Operator:
    """Makes a ready pod for every worker that an adapter wants, until it is stopped."""

    def __init__(self, store: RemoteStore) -> None:
        self._store = store
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stopped.wait(LOOK_S):
            for role in ROLES:
                with contextlib.suppress(ApiError, OSError):  # the next look does it
                    self._reconcile(role)

    def _reconcile(self, role: Role) -> None:
        name, labels = names.pool_dgdsa(role), names.pod_labels(names.service(role))
        wanted = int(self._store.get(DGDSA, name, N)["spec"]["replicas"])
        pods = [
            pod["metadata"]["name"]
            for pod in self._store.list(POD, N)
            if labels.items() <= pod["metadata"].get("labels", {}).items()
        ]
        for number in range(wanted):
            if (pod := f"{name}-{number}") not in pods:
                metadata = {"name": pod, "namespace": N, "labels": labels}
                spec = {"containers": [{"name": "main", "image": "x"}]}
                self._store.create(POD, {"metadata": metadata, "spec": spec})
                self._store.patch(POD, pod, N, {"status": READY}, "status")
        for pod in sorted(pods)[wanted:]:
            self._store.delete(POD, pod, N)
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        status = {"status": {"replicas": wanted, "selector": selector}}
        self._store.patch(DGDSA, name, N, status, "status")
