"""Where a graph runs follows from what is around it, and whoever says it twice says the same."""

from dataclasses import replace
from typing import Any

import pytest

from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.vllm import Vllm
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import (
    ExistingModels,
    ExistingMonitoring,
    ExistingPlatform,
    ExistingSecret,
)
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.wiring import wire

QWEN = ModelRef(repository="Qwen/Qwen2.5-0.5B-Instruct")
SERVING = Serving(name="chat", model=QWEN, backend=Vllm(), gpu_pool=NodePool.h100(count=2))
PLATFORM = ExistingPlatform(workload_namespace="inference", grove=False)
MODELS = ExistingModels(claim="weights")


class Elsewhere:
    """Secrets of a namespace of their own, under keys of their own."""

    namespace = "team-b"

    def holding(self, key: str) -> str | None:
        return {"API_KEY": "api"}.get(key)


class Platform:
    """A platform with several namespaces and queues."""

    platform_namespace = "dynamo-system"
    workload_namespaces = ("inference", "team-b")
    grove = True
    queues = ("batch", "chat")


def refusal(**changes: Any) -> str:
    given = {"serving": SERVING, "platform": PLATFORM, "models": MODELS, "secrets": None}
    with pytest.raises(UsageError) as caught:
        wire(**(given | changes))
    assert "\n" not in caught.value.message
    assert "allowed" in caught.value.message
    return f"{caught.value.message} ({caught.value.hint})"


def test_everything_follows_from_the_objects() -> None:
    made = wire(SERVING, PLATFORM, MODELS, ExistingSecret(name="hub"))

    assert (made.namespace, made.claim) == ("inference", "weights")
    assert (made.grove, made.queue, made.token_secret) == (False, "dynamo", "hub")


def test_an_open_model_needs_no_secret() -> None:
    assert wire(SERVING, PLATFORM, MODELS, None).token_secret == ""


def test_who_says_the_same_again_is_not_refused() -> None:
    said = replace(SERVING, namespace="inference", claim="weights", grove=False)

    assert wire(said, PLATFORM, MODELS, None).namespace == "inference"


def test_the_claim_decides_among_the_namespaces_of_a_platform() -> None:
    serving, models = replace(SERVING, queue="chat"), replace(MODELS, namespace="team-b")

    assert wire(serving, Platform(), models, None).namespace == "team-b"
    assert wire(serving, Platform(), MODELS, None).namespace == "inference"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"serving": replace(SERVING, namespace="elsewhere")},
         "namespace 'elsewhere', allowed on this platform: inference"),
        ({"serving": replace(SERVING, namespace="inference"),
          "models": replace(MODELS, namespace="team-b")},
         "namespace 'inference' of the serving and 'team-b' of the models"),
        ({"models": replace(MODELS, namespace="inference"),
          "secrets": ExistingSecret(name="hub", namespace="team-b")},
         "namespace 'inference' of the models and 'team-b' of the secrets"),
        ({"serving": replace(SERVING, claim="mine")},
         "claim 'mine' of the serving and 'weights' of the models"),
        ({"serving": replace(SERVING, grove=True)},
         "grove=True of the serving, allowed on this platform: False"),
        ({"serving": replace(SERVING, token_secret="mine"), "secrets": ExistingSecret(name="hub")},
         "secret 'mine' of the serving and 'hub' of the secrets"),
        ({"serving": replace(SERVING, queue="fast"), "platform": ExistingPlatform()},
         "queue 'fast', allowed on this platform: dynamo"),
        ({"platform": Platform()}, "got no queue, allowed on this platform: batch or chat"),
        ({"models": None}, "got no models, allowed for Qwen/Qwen2.5-0.5B-Instruct: a ModelStore"),
        ({"models": replace(MODELS, model=ModelRef(repository="Qwen/Qwen2.5-7B-Instruct"))},
         "the models are Qwen/Qwen2.5-7B-Instruct, allowed: Qwen/Qwen2.5-0.5B-Instruct"),
        ({"platform": Platform(), "serving": replace(SERVING, queue="chat"),
          "secrets": Elsewhere()},
         "no secret has the key HF_TOKEN"),
    ],
)  # fmt: skip
def test_a_mismatch_is_one_line(changes: dict[str, Any], says: str) -> None:
    assert refusal(**changes).startswith(says)


def test_an_engine_that_brings_its_model_needs_no_claim() -> None:
    simulated = replace(SERVING, backend=load("cpu").backend())

    assert wire(simulated, PLATFORM, None, None).namespace == "inference"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ExistingPlatform(workload_namespace="a_b"), "namespace 'a_b' is not a name"),
        (lambda: ExistingModels(claim=""), "claim '' is not a name"),
        (lambda: ExistingSecret(name="Token"), "secret 'Token' is not a name"),
        (lambda: ExistingMonitoring(prometheus_url="prometheus:9090"), "prometheus_url"),
        (lambda: ExistingMonitoring(prometheus_url="http://"), "prometheus_url 'http://'"),
    ],
)
def test_what_exists_is_named_truly_or_refused(make: Any, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()

    assert caught.value.message.startswith(says)
    assert "allowed: " in caught.value.message
