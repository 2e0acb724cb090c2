"""Whatever is sent, the API answers with a refusal and never with an accident."""

import json
from typing import Any

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtc_rehearsal.kube_api import KubeApiServer, Store
from tests.contract.kube_api.client import Api, adapter, config_map

FIELDS = [
    *("apiVersion", "kind", "metadata", "spec", "status", "data", "name", "namespace", "labels"),
    *("annotations", "finalizers", "resourceVersion", "replicas", "dgdRef", "serviceName"),
    *("services", "scalingAdapter", "op", "path", "value", "containers", "managedFields"),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from(["", "one", "1", "a b", "ä"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=8,
)
PATCHES = st.sampled_from(
    [
        "application/merge-patch+json",
        "application/json-patch+json",
        "application/strategic-merge-patch+json",
    ]
)
PATHS = st.sampled_from(
    ["adapters/one", "adapters/one/scale", "adapters/one/status", "configmaps/notes"]
)
ACCIDENT = "internal error"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
quickly = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def answers(requests: list[tuple[str, str, Any, str]]) -> list[str]:
    """The message of each answer."""
    server = KubeApiServer(Store())
    url = await server.start()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        api = Api(url, "dynamo-workload", session)
        await api.make("adapters", adapter())
        await api.make("configmaps", config_map(a="1"))
        said = []
        for method, path, body, kind in requests:
            query = {"fieldManager": "fuzz"} if method == "PATCH" else {}
            answer = await api.send(method, path, json.dumps(body), content_type=kind, **query)
            said.append(answer.message)
            listed = await api.send("GET", path.split("/")[0], accept=TABLE)
            assert listed.status == 200
    await server.stop()
    return said


@quickly
@given(st.lists(st.tuples(st.just("PATCH"), PATHS, VALUES, PATCHES), min_size=1, max_size=4))
async def test_any_patch_is_carried_out_or_refused(
    requests: list[tuple[str, str, Any, str]],
) -> None:
    assert ACCIDENT not in await answers(requests)


GOOD: dict[str, dict[str, Any]] = {
    "adapters": adapter("new", labels={"a": "b"}, annotations={"a": "b"}),
    "graphs": {
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "DynamoGraphDeployment",
        "metadata": {"name": "new", "finalizers": ["a.b/c"]},
        "spec": {
            "pvcs": [{"name": "claim", "create": False}],
            "services": {"A": {"replicas": 1, "scalingAdapter": {"enabled": True}}},
        },
    },
    "scalers": {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "new"},
        "spec": {
            "scaleTargetRef": {"name": "one"},
            "minReplicaCount": 1,
            "maxReplicaCount": 2,
            "triggers": [{"type": "cron", "metadata": {"a": "b"}}],
        },
    },
    "pods": {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "new", "ownerReferences": []},
        "spec": {"containers": [{"name": "main", "image": "x"}]},
        "status": {"containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "x"}}}]},
    },
    "hpas": {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "new"},
        "spec": {
            "scaleTargetRef": {"kind": "X", "name": "one"},
            "minReplicas": 1,
            "maxReplicas": 2,
            "metrics": [
                {"type": "External", "external": {"metric": {"name": "m"}, "target": {"type": "V"}}}
            ],
        },
    },
}


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, child in inner:
        found.append((*path, key))
        if isinstance(child, dict | list):
            found += places_in(child, (*path, key))
    return found


@st.composite
def almost_good(draw: st.DrawFn) -> tuple[str, Any]:
    """A good object with one value replaced."""
    place = draw(st.sampled_from(sorted(GOOD)))
    body = json.loads(json.dumps(GOOD[place]))
    *path, last = draw(st.sampled_from(places_in(body)))
    holder = body
    for key in path:
        holder = holder[key]
    holder[last] = draw(VALUES)
    return place, body


@quickly
@given(almost_good())
async def test_one_wrong_value_in_a_good_object_is_stored_or_refused(case: tuple[str, Any]) -> None:
    place, body = case
    status = (f"{place}/new/status", {"status": body.get("status")})
    merge = "application/merge-patch+json"

    said = await answers(
        [
            ("POST", place, body, "application/json"),
            ("POST", place, GOOD[place], "application/json"),
            ("PATCH", f"{place}/new", body, merge),
            ("PATCH", status[0], status[1], merge),
        ]
    )

    assert ACCIDENT not in said


@quickly
@given(labels=st.text(max_size=20), fields=st.text(max_size=20))
async def test_any_selector_selects_or_is_refused(labels: str, fields: str) -> None:
    server = KubeApiServer(Store())
    url = await server.start()
    async with aiohttp.ClientSession() as session:
        api = Api(url, "dynamo-workload", session)
        await api.make("adapters", adapter())
        answer = await api.send("GET", "adapters", labelSelector=labels, fieldSelector=fields)
    await server.stop()

    assert answer.status in (200, 400)
