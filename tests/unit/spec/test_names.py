"""Every name is exactly the plan's, and short enough for who has to carry it."""

import pytest

from gtc_spec import names
from gtc_spec.pools import ROLES, Role


def test_the_plans_names_are_exact() -> None:
    assert names.DEMO == "gtc-demo"
    assert names.FRONTEND == "Frontend"
    assert [names.service(role) for role in ROLES] == ["TrtllmPrefillWorker", "TrtllmDecodeWorker"]
    assert [names.scaler(role) for role in ROLES] == [
        "gtc-demo-prefill-scaler",
        "gtc-demo-decode-scaler",
    ]
    assert [names.pool_dgdsa(role) for role in ROLES] == [
        "gtc-demo-trtllmprefillworker",
        "gtc-demo-trtllmdecodeworker",
    ]
    assert names.MODEL_CLAIM == "model-nfs-pvc"
    assert names.UPLOAD_MARKER == ".upload-complete"
    assert names.DOWNLOAD_MARKER == ".download-complete"
    assert names.NAMESPACE_WORKLOAD == "dynamo-workload"
    assert names.LEASE == "gtc-demo-conductor"
    assert names.STATE_CONFIG_MAP == "gtc-demo-state"


def test_the_service_of_pods_is_called_like_their_scaling_adapter() -> None:
    assert names.pod_service("chat", "VllmDecodeWorker") == "chat-vllmdecodeworker"
    assert names.dgdsa("chat", "VllmDecodeWorker") == "chat-vllmdecodeworker"


def test_a_model_lies_under_models_in_the_bucket_and_on_the_share() -> None:
    assert names.model_prefix("meta-llama/Llama") == "models/meta-llama/Llama/"
    assert names.model_path("meta-llama/Llama") == "/models/meta-llama/Llama"


def test_keda_derives_the_hpa_from_the_scaler() -> None:
    assert names.hpa(names.scaler("prefill")) == "keda-hpa-gtc-demo-prefill-scaler"


def test_a_pause_is_one_annotation_of_keda_and_one_that_names_its_owner() -> None:
    assert names.ANNOTATION_PAUSED == "autoscaling.keda.sh/paused"
    assert names.ANNOTATION_PAUSED_BY == "gtc-demo.digitalocean.com/paused-by"


@pytest.mark.parametrize(
    "name",
    [names.DEMO, names.LEASE, names.STATE_CONFIG_MAP, names.MODEL_CLAIM]
    + [make(role) for make in (names.scaler, names.pool_dgdsa) for role in ROLES],
)
def test_every_object_name_is_a_dns_label(name: str) -> None:
    assert len(name) <= 63
    assert name.replace("-", "").isalnum()
    assert name == name.lower()


def test_pods_are_selected_by_deployment_and_service() -> None:
    assert names.pod_labels("Frontend") == {
        "nvidia.com/dynamo-graph-deployment-name": "gtc-demo",
        "nvidia.com/dynamo-component": "Frontend",
    }


@pytest.mark.parametrize("role", ROLES)
def test_a_service_is_short_enough_for_grove_and_its_hpa_for_kubernetes(role: Role) -> None:
    assert len(names.grove_pair(names.DEMO, names.service(role))) <= names.GROVE_PAIR_MAX
    assert len(names.hpa(names.scaler(role))) <= 63
