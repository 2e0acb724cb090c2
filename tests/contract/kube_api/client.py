"""A client without any library, and the objects that the contract is tested with."""

import contextlib
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from gtc_rehearsal.kube_api import KubeApiServer, Store

MERGE = "application/merge-patch+json"
PLACES = {
    "adapters": "/apis/nvidia.com/v1alpha1/namespaces/{ns}/dynamographdeploymentscalingadapters",
    "graphs": "/apis/nvidia.com/v1alpha1/namespaces/{ns}/dynamographdeployments",
    "scalers": "/apis/keda.sh/v1alpha1/namespaces/{ns}/scaledobjects",
    "configmaps": "/api/v1/namespaces/{ns}/configmaps",
    "pods": "/api/v1/namespaces/{ns}/pods",
    "leases": "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases",
    "hpas": "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers",
}
"""Short names that test paths may start with: "adapters/one/scale"."""


@dataclass
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: "aiohttp.typedefs.CIMultiDictProxy[str]"

    @property
    def message(self) -> str:
        return self.body.get("message", "") if isinstance(self.body, dict) else str(self.body)

    @property
    def revision(self) -> str:
        return str(self.body["metadata"]["resourceVersion"])


@dataclass
class Api:
    """A Kubernetes API, spoken to without any client library."""

    url: str
    namespace: str
    session: aiohttp.ClientSession
    store: Store | None = None
    server: KubeApiServer | None = None

    def path(self, short: str) -> str:
        place, *rest = short.split("/")
        if place not in PLACES:
            return short
        return "/".join([PLACES[place].format(ns=self.namespace), *rest])

    async def send(
        self,
        method: str,
        short: str,
        body: Any = None,
        *,
        content_type: str = "",
        accept: str = "application/json",
        token: str = "",
        **query: str,
    ) -> Answer:
        """One request; a body that is not text is sent as JSON."""
        text = body if isinstance(body, str | bytes | None) else json.dumps(body)
        kind = content_type or (MERGE if method == "PATCH" else "application/json")
        headers = {"Content-Type": kind, "Accept": accept, "User-Agent": "contract/1"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = self.url + self.path(short)
        async with self.session.request(
            method, url, data=text, headers=headers, params=query
        ) as response:
            raw = await response.text()
            with contextlib.suppress(ValueError):
                return Answer(response.status, json.loads(raw), response.headers)
            return Answer(response.status, raw, response.headers)

    async def make(self, short: str, body: dict[str, Any]) -> Answer:
        """Create an object that must be accepted."""
        answer = await self.send("POST", short, body)
        assert answer.status == 201, answer.body
        return answer

    async def watch(
        self, short: str, *, frames: int, accept: str = "application/json", **query: str
    ) -> list[dict[str, Any]]:
        """The first frames of a watch, fewer when it ends before."""
        seen: list[dict[str, Any]] = []
        query = {"watch": "true", "timeoutSeconds": "5", **query}
        headers = {"Accept": accept}
        async with self.session.get(
            self.url + self.path(short), params=query, headers=headers
        ) as response:
            assert response.status == 200
            async for line in response.content:
                seen.append(json.loads(line))
                if len(seen) >= frames:
                    break
        return seen


def adapter(name: str = "one", replicas: Any = 2, **metadata: Any) -> dict[str, Any]:
    """A scaling adapter."""
    return {
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "DynamoGraphDeploymentScalingAdapter",
        "metadata": {"name": name, **metadata},
        "spec": {"replicas": replicas, "dgdRef": {"name": "demo", "serviceName": "Worker"}},
    }


def config_map(name: str = "notes", **data: str) -> dict[str, Any]:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
