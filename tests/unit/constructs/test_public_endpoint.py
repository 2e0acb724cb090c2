"""A deployment on the internet: who may ask, what may be asked, and how it is encrypted."""

import pytest

from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.public_endpoint import PublicEndpoint
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from tests.synthesised import Synthesised
from tests.unit.constructs.test_model_download import served

ALLOWED = ["203.0.113.0/24", "198.51.100.7/32", "198.51.100.8"]


@pytest.fixture
def target(stack):
    return DisaggDeployment.aggregated(
        stack,
        "chat",
        serving=served("chat", ModelRef(repository="Qwen/Qwen2.5-0.5B-Instruct")),
        platform=ExistingPlatform(workload_namespace="inference"),
        models=ExistingModels(claim="models"),
    )


def objects(stack, release="chat-endpoint"):
    [values] = Synthesised(stack).release(release)["values"]
    return {each["kind"]: each for each in values["manifests"]}


def test_everything_under_v1_reaches_the_frontend_and_nothing_else(stack, target):
    PublicEndpoint(stack, "it", target=target, allowed_addresses=ALLOWED)

    route = objects(stack)["HTTPRoute"]
    [rule] = route["spec"]["rules"]
    assert route["metadata"]["namespace"] == "inference"
    assert route["spec"]["parentRefs"] == [{"name": "chat"}]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/v1"}}]
    assert rule["backendRefs"] == [{"name": "chat-frontend", "port": 8000}]


def test_an_answer_may_stream_for_as_long_as_it_takes(stack, target):
    PublicEndpoint(stack, "it", target=target, allowed_addresses=ALLOWED)

    [rule] = objects(stack)["HTTPRoute"]["spec"]["rules"]
    assert rule["timeouts"] == {"request": "0s"}


def test_only_named_addresses_may_ask(stack, target):
    PublicEndpoint(stack, "it", target=target, allowed_addresses=ALLOWED)

    spec = objects(stack)["Gateway"]["spec"]
    assert spec["gatewayClassName"] == "cilium"
    assert spec["infrastructure"]["annotations"] == {
        "service.beta.kubernetes.io/do-loadbalancer-allow-rules": (
            "cidr:203.0.113.0/24,cidr:198.51.100.7/32,cidr:198.51.100.8/32"
        )
    }
    assert spec["listeners"] == [{"name": "api", "protocol": "HTTP", "port": 80}]


def test_a_certificate_makes_it_https(stack, target):
    PublicEndpoint(
        stack, "it", target=target, allowed_addresses=ALLOWED,
        hostname="llm.example.com", tls_secret="llm-tls",
    )  # fmt: skip

    [listener] = objects(stack)["Gateway"]["spec"]["listeners"]
    assert (listener["protocol"], listener["port"]) == ("HTTPS", 443)
    assert listener["hostname"] == "llm.example.com"
    assert listener["tls"] == {"certificateRefs": [{"kind": "Secret", "name": "llm-tls"}]}


def test_it_comes_after_the_deployment(stack, target):
    PublicEndpoint(stack, "it", target=target, allowed_addresses=ALLOWED)

    found = Synthesised(stack)
    needed = found.release("chat-endpoint")["depends_on"]
    assert found.address("helm_release", found.release("chat")) in needed


def test_its_address_is_one_command_away(stack, target):
    made = PublicEndpoint(stack, "it", target=target, allowed_addresses=ALLOWED, name="door")

    assert made.address_command.startswith("kubectl -n inference get gateway door -o jsonpath=")
    assert objects(stack, "door-endpoint")["Gateway"]["metadata"]["name"] == "door"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"allowed_addresses": []}, "allowed_addresses is [], allowed: a list of ranges"),
        ({"allowed_addresses": "0.0.0.0/0"}, "allowed_addresses is '0.0.0.0/0', allowed: "),
        ({"allowed_addresses": ["203.0.113.7/24"]}, "203.0.113.7/24 has host bits set, allowed"),
        ({"target": "chat"}, "target is 'chat', allowed: a DisaggDeployment or"),
        ({"name": "Not A Name"}, "gateway 'Not A Name' is not a name"),
        ({"hostname": "http://llm"}, "hostname 'http://llm' is not a name"),
    ],
)
def test_bad_input_is_one_line_with_the_path(stack, target, wrong, says):
    with pytest.raises(UsageError) as caught:
        PublicEndpoint(stack, "it", **{"target": target, "allowed_addresses": ALLOWED, **wrong})

    assert caught.value.message.startswith(f"stack/it: {says}")
