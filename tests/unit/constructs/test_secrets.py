import pytest

from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_spec.errors import UsageError
from gtc_spec.manifests.secret_names import HF_TOKEN, PANEL_KEY, SECRETS, SPACES
from tests.synthesised import Synthesised


@pytest.fixture
def made(stack):
    WorkloadSecrets.from_names(stack, "secrets", namespace="work", secrets=SECRETS)
    return Synthesised(stack)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret.name)
def test_every_key_of_a_secret_comes_from_its_variable(made, secret):
    (found,) = [
        each
        for each in made.resources("kubernetes_secret_v1")
        if each["metadata"] == {"name": secret.name, "namespace": "work"}
    ]

    assert found["data_wo"] == {key: f"${{var.{key.lower()}}}" for key in secret.keys}


def test_values_reach_neither_plan_nor_state(made):
    for secret in made.resources("kubernetes_secret_v1"):
        assert not {"data", "binary_data"} & set(secret)
        assert secret["data_wo_revision"], "without it the secret is created empty"


def test_a_value_that_is_made_up_is_written_once_and_known_to_nobody(stack):
    made_up = {"made_once": [PANEL_KEY], "secrets": []}
    WorkloadSecrets.from_names(stack, "secrets", namespace="work", **made_up)

    (found,) = Synthesised(stack).resources("kubernetes_secret_v1")
    assert found["data_wo"] == {"GTC_PANEL_KEY": "${uuid()}"}
    assert found["data_wo_revision"] == 1


def test_rotating_the_others_makes_up_no_new_value(stack):
    both = {"made_once": [PANEL_KEY], "secrets": [HF_TOKEN]}
    WorkloadSecrets.from_names(stack, "secrets", namespace="work", **both)

    revisions = {
        each["metadata"]["name"]: each["data_wo_revision"]
        for each in Synthesised(stack).resources("kubernetes_secret_v1")
    }
    assert revisions == {HF_TOKEN.name: "${var.secrets_revision}", PANEL_KEY.name: 1}


def test_a_secret_that_mixes_what_is_made_up_with_what_rotates_is_refused(stack):
    keys = {
        "MADE": SecretRef.made_once(),
        "GIVEN": SecretRef.from_variable(stack, "given", description="rotates"),
    }
    with pytest.raises(UsageError, match="secret both mixes values that are made up with others"):
        WorkloadSecrets(stack, "secrets", namespace="work", secrets={"both": keys})


def test_variables_of_secrets_are_ephemeral_and_required(made):
    keys = {key.lower() for secret in SECRETS for key in secret.keys}
    variables = made.json["variable"]

    assert set(variables) == {*keys, "secrets_revision"}
    for key in keys:
        assert (variables[key]["sensitive"], variables[key]["ephemeral"]) == (True, True)
        assert "default" not in variables[key]


def test_terraform_is_new_enough_for_write_only_values(made):
    assert made.json["terraform"]["required_version"] == ">= 1.11"


def test_copies_in_another_namespace_share_the_variables(stack):
    WorkloadSecrets.from_names(stack, "one", namespace="one", secrets=[HF_TOKEN, SPACES])
    WorkloadSecrets.from_names(stack, "two", namespace="two", secrets=[SPACES])

    made = Synthesised(stack)

    assert len(made.resources("kubernetes_secret_v1")) == 3
    assert len(made.json["variable"]) == 4


def test_a_secret_given_as_text_is_refused_and_not_repeated():
    with pytest.raises(UsageError) as caught:
        SecretRef("hunter2-the-secret")

    shown = f"{caught.value!r} {caught.value.message} {caught.value.hint}"
    assert "hunter2" not in shown
    assert "SecretRef.from_variable" in shown


def test_a_secret_without_keys_is_refused(stack):
    with pytest.raises(UsageError, match="stack/secrets: got a secret without keys"):
        WorkloadSecrets(stack, "secrets", namespace="work", secrets={"empty": {}})
