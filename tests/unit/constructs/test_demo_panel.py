import pytest

from gtc_constructs.demo_panel import DemoPanel
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from tests.synthesised import IMAGE, Synthesised

PROD = load("prod")


def objects(stack):
    [values] = Synthesised(stack).release("gtc-demo-panel")["values"]
    return {(each["kind"], each["metadata"]["name"]): each for each in values["manifests"]}


@pytest.fixture
def panel(stack):
    return DemoPanel(stack, "panel", env=PROD, image=IMAGE)


def test_everything_of_the_panel_comes_together(stack, panel):
    assert {kind for kind, _ in objects(stack)} == {
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "Lease",
        "ConfigMap",
        "NetworkPolicy",
        "Service",
        "PodMonitor",
        "Deployment",
    }


def test_every_account_that_a_pod_names_is_there(stack, panel):
    found = objects(stack)
    named = {
        each["spec"]["template"]["spec"]["serviceAccountName"]
        for (kind, _), each in found.items()
        if kind == "Deployment"
    }
    assert named == {name for kind, name in found if kind == "ServiceAccount"}


def test_lease_and_state_lie_where_the_pods_act(stack, panel):
    found = objects(stack)
    places = {
        found["Lease", "gtc-demo-conductor"]["metadata"]["namespace"],
        found["ConfigMap", "gtc-demo-state"]["metadata"]["namespace"],
    }
    assert places == {"dynamo-workload"}


def test_the_namespace_enforces_restricted(stack, panel):
    made = Synthesised(stack).resource("kubernetes_namespace_v1")
    assert made["metadata"]["name"] == "gtc-demo-panel"
    assert made["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_deploy_does_not_wait_for_an_image_that_comes_later(stack, panel):
    assert Synthesised(stack).release("gtc-demo-panel")["wait"] is False


def test_pods_wait_for_their_secrets(stack, panel):
    written = Synthesised(stack)
    secrets = written.resources("kubernetes_secret_v1")
    assert {each["metadata"]["name"] for each in secrets} == {
        "gradient-api-key",
        "panel-key",
        "spaces-credentials",
    }
    assert {each["metadata"]["namespace"] for each in secrets} == {"gtc-demo-panel"}
    waits = written.release("gtc-demo-panel")["depends_on"]
    assert {written.address("kubernetes_secret_v1", each) for each in secrets} <= set(waits)


def test_choices_and_load_processes_reach_the_pod(stack):
    DemoPanel(stack, "it", env=PROD, image=IMAGE, load_shards=2, variables={"GTC_REGION": "nyc2"})
    [container] = objects(stack)["Deployment", "gtc-demo-panel"]["spec"]["template"]["spec"][
        "containers"
    ]
    found = {each["name"]: each["value"] for each in container["env"]}
    assert (found["GTC_LOAD_SHARDS"], found["GTC_REGION"]) == ("2", "nyc2")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"load_shards": 9}, "9 load processes, allowed: 1 to 3"),
        ({"image": "registry.example/panel"}, "image 'registry.example/panel' is not pinned"),
        ({"image": "registry.example:5000/panel"}, "image 'registry.example:5000/panel' is not"),
        ({"image": "registry.example/panel:latest"}, "image 'registry.example/panel:latest'"),
        ({"image": ""}, "image '' is not pinned"),
    ],
)
def test_bad_input_is_one_line_with_the_path(stack, wrong, says):
    with pytest.raises(UsageError) as caught:
        DemoPanel(stack, "it", **{"env": PROD, "image": IMAGE, **wrong})

    assert caught.value.message.startswith(f"stack/it: {says}")
    assert "\n" not in caught.value.message


def test_a_digest_is_as_good_as_a_tag(stack):
    DemoPanel(stack, "it", env=PROD, image=f"registry.example/panel@sha256:{'0' * 64}")
