"""The webhooks of Dynamo and KEDA, in their own words."""

from typing import Any

import pytest

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.resources import DGD, DGDSA
from tests.contract.kube_api.client import Api

OWNED = (
    'admission webhook "vdynamographdeployment.kb.io" denied the request: '
    "spec.services[Decode].replicas cannot be modified directly when scaling adapter is enabled; "
    "scale or update the related DynamoGraphDeploymentScalingAdapter instead"
)


def graph(**decode: Any) -> dict[str, Any]:
    return {
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "DynamoGraphDeployment",
        "metadata": {"name": "demo"},
        "spec": {
            "backendFramework": "trtllm",
            "services": {
                "Frontend": {"componentType": "frontend", "replicas": 1},
                "Decode": {
                    "componentType": "worker",
                    "replicas": 2,
                    "scalingAdapter": {"enabled": True},
                    **decode,
                },
            },
        },
    }


def replicas(service: str, value: int) -> dict[str, Any]:
    return {"spec": {"services": {service: {"replicas": value}}}}


def scaler(name: str, target: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "nvidia.com/v1alpha1",
                "kind": "DynamoGraphDeploymentScalingAdapter",
                "name": target,
            },
            "minReplicaCount": 1,
            "maxReplicaCount": 4,
            "triggers": [{"type": "cron", "metadata": CRON}],
            **spec,
        },
    }


CRON = {"timezone": "UTC", "start": "0 1 * * *", "end": "0 2 * * *", "desiredReplicas": "2"}


async def test_replicas_that_an_adapter_owns_cannot_be_edited(rehearsal: Api) -> None:
    await rehearsal.make("graphs", graph())

    answer = await rehearsal.send("PATCH", "graphs/demo", replicas("Decode", 3))

    assert answer.status == 403
    assert answer.body["reason"] == "Forbidden"
    assert answer.message == OWNED
    stored = (await rehearsal.send("GET", "graphs/demo")).body
    assert stored["spec"]["services"]["Decode"]["replicas"] == 2


async def test_replicas_without_an_adapter_may_be_edited(rehearsal: Api) -> None:
    await rehearsal.make("graphs", graph(scalingAdapter={"enabled": False}))

    answer = await rehearsal.send("PATCH", "graphs/demo", replicas("Decode", 3))

    assert answer.body["spec"]["services"]["Decode"]["replicas"] == 3


async def test_other_fields_of_an_adapter_owned_service_may_be_edited(rehearsal: Api) -> None:
    await rehearsal.make("graphs", graph())
    change = {"spec": {"services": {"Decode": {"envFromSecret": "hf-token"}}}}

    assert (await rehearsal.send("PATCH", "graphs/demo", change)).status == 200


async def test_the_operator_may_edit_adapter_owned_replicas(rehearsal: Api) -> None:
    await rehearsal.make("graphs", graph())
    assert rehearsal.store

    stored = rehearsal.store.patch(
        DGD, "demo", "dynamo-workload", replicas("Decode", 3), actor="operator"
    )

    assert stored["spec"]["services"]["Decode"]["replicas"] == 3


async def test_nobody_else_in_process_may(rehearsal: Api) -> None:
    await rehearsal.make("graphs", graph())
    assert rehearsal.store

    with pytest.raises(ApiError, match="cannot be modified directly"):
        rehearsal.store.patch(DGD, "demo", "dynamo-workload", replicas("Decode", 3))


async def test_a_status_write_is_not_asked_about(rehearsal: Api) -> None:
    await rehearsal.make("graphs", graph())

    answer = await rehearsal.send("PATCH", "graphs/demo/status", {"status": {"state": "pending"}})

    assert answer.status == 200


async def test_a_service_without_replicas_is_refused(rehearsal: Api) -> None:
    body = graph()
    del body["spec"]["services"]["Decode"]["replicas"]

    answer = await rehearsal.send("POST", "graphs", body)

    assert answer.status == 403
    assert "spec.services[Decode].replicas" in answer.message


@pytest.mark.webhook
async def test_a_second_scaler_on_one_target_is_refused(api: Api) -> None:
    await api.make("scalers", scaler("first", "one"))

    answer = await api.send("POST", "scalers", scaler("second", "one"))

    assert answer.status == 403
    assert answer.message == (
        "admission webhook \"vscaledobject.kb.io\" denied the request: the workload 'one' of type "
        "'nvidia.com/v1alpha1.DynamoGraphDeploymentScalingAdapter' is already managed by the "
        "ScaledObject 'first'"
    )


async def test_the_same_scaler_may_be_changed(rehearsal: Api) -> None:
    await rehearsal.make("scalers", scaler("first", "one"))

    answer = await rehearsal.send("PATCH", "scalers/first", {"spec": {"maxReplicaCount": 5}})

    assert answer.status == 200


@pytest.mark.webhook
async def test_settings_that_do_nothing_above_zero_replicas_are_warned_about(api: Api) -> None:
    answer = await api.send(
        "POST", "scalers", scaler("first", "one", cooldownPeriod=60, pollingInterval=15)
    )

    warnings = answer.headers.getall("Warning")
    assert answer.status == 201
    assert any("CooldownPeriod is configured but is not relevant" in w for w in warnings)
    assert any("PollingInterval is configured but is not relevant" in w for w in warnings)


@pytest.mark.webhook
async def test_settings_that_do_something_are_not_warned_about(api: Api) -> None:
    answer = await api.send(
        "POST", "scalers", scaler("first", "one", cooldownPeriod=60, minReplicaCount=0)
    )

    assert "Warning" not in answer.headers


async def test_a_hook_of_a_test_can_refuse_too(rehearsal: Api) -> None:
    assert rehearsal.store

    def refuse(request: Any) -> list[str]:
        if request.resource is DGDSA:
            raise ApiError(403, "Forbidden", "not today")
        return []

    rehearsal.store.admission.append(refuse)

    answer = await rehearsal.send("PATCH", "adapters/one", {"spec": {"replicas": 3}})

    assert (answer.status, answer.message) == (403, "not today")
