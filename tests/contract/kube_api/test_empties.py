"""Empty values: a real server writes none of a built-in kind that Go leaves out of its JSON."""

from typing import Any

import pytest

from tests.contract.kube_api.client import Api, adapter

NETWORK = "networking.k8s.io/v1"


async def stored(api: Api, version: str, plural: str, kind: str, **body: Any) -> dict[str, Any]:
    """What is left of an object once it is created."""
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    head = {"apiVersion": version, "kind": kind, "metadata": {"name": "empty"}}
    made = await api.make(f"{root}/namespaces/{api.namespace}/{plural}", {**head, **body})
    return {name: made.body[name] for name in body if name in made.body}


@pytest.mark.parametrize("body", [{"data": {}}, {"binaryData": {}}])
async def test_a_map_without_entries_is_not_kept(api: Api, body: dict[str, Any]) -> None:
    assert await stored(api, "v1", "configmaps", "ConfigMap", **body) == {}


async def test_an_empty_text_inside_a_map_is_kept(api: Api) -> None:
    body = {"data": {"a": ""}}

    assert await stored(api, "v1", "configmaps", "ConfigMap", **body) == body


async def test_a_list_without_items_is_not_kept_and_one_of_empty_items_is(api: Api) -> None:
    spec = {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [],
        "egress": [{"to": [], "ports": []}],
    }

    found = await stored(api, NETWORK, "networkpolicies", "NetworkPolicy", spec=spec)

    kept = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{}]}
    assert found == {"spec": kept}


async def test_an_empty_selector_is_a_choice_and_stays(api: Api) -> None:
    everybody = [{"podSelector": {}}, {"namespaceSelector": {}}]
    ingress = [{"from": everybody}]
    spec = {"podSelector": {"matchLabels": {}}, "policyTypes": ["Ingress"], "ingress": ingress}

    found = await stored(api, NETWORK, "networkpolicies", "NetworkPolicy", spec=spec)

    assert found == {"spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": ingress}}


async def test_what_is_a_pointer_in_go_may_be_empty(api: Api) -> None:
    spec = {"holderIdentity": "", "leaseTransitions": 0}

    found = await stored(api, "coordination.k8s.io/v1", "leases", "Lease", spec=spec)

    assert found == {"spec": spec}


async def test_a_claim_keeps_an_empty_class_and_a_volume_does_not(api: Api) -> None:
    common = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
    claim = {**common, "resources": {"requests": {"storage": "1Gi"}}}
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": api.namespace},
        "spec": {**common, "capacity": {"storage": "1Gi"}, "nfs": {"server": "h", "path": "/x"}},
    }

    found = await stored(api, "v1", "persistentvolumeclaims", "PersistentVolumeClaim", spec=claim)
    made = await api.make("/api/v1/persistentvolumes", volume)
    await api.send("DELETE", f"/api/v1/persistentvolumes/{api.namespace}")

    assert found["spec"]["storageClassName"] == ""
    assert "storageClassName" not in made.body["spec"]


async def test_custom_resources_keep_what_they_were_given(api: Api) -> None:
    graph = {
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "DynamoGraphDeployment",
        "metadata": {"name": "empty"},
        "spec": {"services": {}, "envs": []},
    }

    made = await api.make("graphs", graph)

    assert made.body["spec"] == {"services": {}, "envs": []}
    assert (await api.make("adapters", adapter("new"))).body["spec"]["replicas"] == 2
