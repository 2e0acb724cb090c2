"""The job of a checkpoint, as Terraform gets it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.model_download import ModelDownload
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.values import NfsExport
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.vllm import Vllm
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import (
    ExistingBucket,
    ExistingModels,
    ExistingPlatform,
    ExistingSecret,
)
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.manifests.model_download import PROGRAM, program
from tests.synthesised import Synthesised

SHARE = NfsExport(host="10.0.0.7", path="/42/models")
QWEN = ModelRef(repository="Qwen/Qwen2.5-0.5B-Instruct")


@pytest.fixture
def models(stack):
    return ModelStore(stack, "models", share=SHARE, size_gib=200, namespace="models")


def job_of(stack):
    return Synthesised(stack).resource("kubernetes_job_v1")


def container_of(stack):
    [container] = job_of(stack)["spec"]["template"]["spec"]["container"]
    return container


def argument(container, flag):
    return container["args"][container["args"].index(flag) + 1]


def test_terraform_waits_longer_than_the_job_may_take(stack, models):
    ModelDownload(stack, "it", models=models, model=QWEN, timeout=timedelta(hours=2))

    job = job_of(stack)
    assert job["wait_for_completion"] is True
    assert job["spec"]["active_deadline_seconds"] == 7200
    assert job["timeouts"]["create"] == "7500s"


def test_a_finished_job_stays_or_terraform_would_make_it_again(stack, models):
    ModelDownload(stack, "it", models=models, model=QWEN)

    assert "ttl_seconds_after_finished" not in job_of(stack)["spec"]


def test_the_model_goes_where_the_workers_look_for_it(stack, models):
    ModelDownload(stack, "it", models=models, model=QWEN)

    container = container_of(stack)
    assert argument(container, "--directory") == str(QWEN.path)
    assert argument(container, "--marker") == ".download-complete"
    pod = job_of(stack)["spec"]["template"]["spec"]
    assert pod["volume"][0]["persistent_volume_claim"] == {"claim_name": models.claim}
    assert container["volume_mount"][0]["mount_path"] == "/models"


def test_the_pod_may_do_nothing_but_download(stack, models):
    ModelDownload(stack, "it", models=models, model=QWEN)

    pod = job_of(stack)["spec"]["template"]["spec"]
    assert pod["automount_service_account_token"] is False
    assert pod["service_account_name"] == models.account
    assert pod["security_context"]["run_as_user"] == "1000"
    assert pod["node_selector"] == {"doks.digitalocean.com/node-pool": "management"}
    [container] = pod["container"]
    assert container["security_context"] == {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_what_no_repetition_mends_ends_the_job_and_an_eviction_costs_no_try(stack, models):
    ModelDownload(stack, "it", models=models, model=QWEN)

    evicted, refused = job_of(stack)["spec"]["pod_failure_policy"]["rule"]
    assert evicted == {
        "action": "Ignore",
        "on_pod_condition": [{"type": "DisruptionTarget", "status": "True"}],
    }
    assert refused["action"] == "FailJob"
    assert refused["on_exit_codes"]["values"] == [1, 2]


def test_the_program_travels_whole_and_as_it_is(stack, models):
    made = ModelDownload(stack, "it", models=models, model=QWEN)

    shipped = Synthesised(stack).resource("kubernetes_config_map_v1")
    text = {name: each.replace("$${", "${") for name, each in shipped["data"].items()}
    assert text == program()
    assert "__main__.py" in text
    assert shipped["metadata"]["name"] == made.name
    [_, volume] = job_of(stack)["spec"]["template"]["spec"]["volume"]
    assert volume["config_map"] == {"name": made.name}
    assert container_of(stack)["command"] == ["python", "-B", "-m", PROGRAM]


def test_the_job_comes_after_share_and_program(stack, models):
    made = ModelDownload(stack, "it", models=models, model=QWEN)

    found = Synthesised(stack)
    needed = job_of(stack)["depends_on"]
    assert found.address("helm_release", found.release("model-nfs-pvc-store")) in needed
    assert any(each.startswith("kubernetes_config_map_v1.") for each in needed)
    assert made.job in made.resources


def test_an_open_model_needs_no_secret(stack, models):
    ModelDownload(stack, "it", models=models, model=QWEN)

    found = Synthesised(stack)
    assert found.resources("kubernetes_secret_v1") == []
    assert [each["name"] for each in container_of(stack)["env"]] == ["PYTHONPATH"]


def test_a_token_reaches_the_job_by_a_secret_alone(stack, models):
    token = SecretRef.from_variable(stack, "hf_token", description="HuggingFace token")
    ModelDownload(stack, "it", models=models, model=QWEN, token=token)

    secret = Synthesised(stack).resource("kubernetes_secret_v1")
    [_, variable] = container_of(stack)["env"]
    assert secret["data_wo"] == {"HF_TOKEN": "${var.hf_token}"}
    assert variable == {
        "name": "HF_TOKEN",
        "value_from": {"secret_key_ref": {"name": secret["metadata"]["name"], "key": "HF_TOKEN"}},
    }


def test_a_token_that_is_there_already_is_used_where_it_is(stack, models):
    ModelDownload(
        stack,
        "it",
        models=models,
        model=QWEN,
        token=ExistingSecret(name="ours", namespace="models"),
    )

    [_, variable] = container_of(stack)["env"]
    assert variable["value_from"]["secret_key_ref"] == {"name": "ours", "key": "HF_TOKEN"}


def test_the_secrets_of_a_deployment_serve_its_download_too(stack, models):
    value = SecretRef.from_variable(stack, "hf_token", description="HuggingFace token")
    secrets = WorkloadSecrets(
        stack, "secrets", namespace="models", secrets={"shared": {"HF_TOKEN": value}}
    )
    ModelDownload(stack, "it", models=models, model=QWEN, token=secrets)

    found = Synthesised(stack)
    secret = found.resource("kubernetes_secret_v1")
    [_, variable] = container_of(stack)["env"]
    assert variable["value_from"]["secret_key_ref"]["name"] == "shared"
    assert found.address("kubernetes_secret_v1", secret) in job_of(stack)["depends_on"]


def test_a_claim_of_somebody_else_is_filled_too(stack):
    ModelDownload(
        stack, "it", models=ExistingModels(claim="theirs", namespace="inference"), model=QWEN
    )

    job = job_of(stack)
    assert job["metadata"]["namespace"] == "inference"
    pod = job["spec"]["template"]["spec"]
    assert pod["service_account_name"] == "default"
    assert pod["volume"][0]["persistent_volume_claim"] == {"claim_name": "theirs"}


SPACES = ExistingBucket(
    name="checkpoints",
    endpoint="https://nyc3.digitaloceanspaces.com",
    image="registry.digitalocean.com/mine/gtc-demo-loadgen:1",
)


def test_through_a_bucket_it_is_fetched_from_the_hub_once(stack, models):
    ModelDownload(stack, "it", models=models, model=QWEN, bucket=SPACES)

    pod = job_of(stack)["spec"]["template"]["spec"]
    [upload], [download] = pod["init_container"], pod["container"]
    assert upload["command"][-1] == "upload"
    assert download["command"][-1] == "download"
    assert [argument(each, "--bucket") for each in (upload, download)] == ["checkpoints"] * 2
    assert argument(upload, "--revision") == "main"
    assert argument(download, "--directory") == str(QWEN.path)
    assert "--revision" not in download["args"]


def test_through_a_bucket_each_half_gets_its_keys_and_the_hub_alone_the_token(stack, models):
    token = ExistingSecret(name="ours")
    ModelDownload(stack, "it", models=models, model=QWEN, bucket=SPACES, token=token)

    pod = job_of(stack)["spec"]["template"]["spec"]
    [upload], [download] = pod["init_container"], pod["container"]
    keys = [{"secret_ref": {"name": "spaces-credentials"}}]
    assert [each["env_from"] for each in (upload, download)] == [keys, keys]
    assert [each["name"] for each in upload["env"]] == ["HOME", "HF_ENDPOINT", "HF_TOKEN"]
    assert [each["name"] for each in download["env"]] == ["HOME"]
    assert [each["name"] for each in pod["image_pull_secrets"]] == ["mine", "registry-mine"]


def test_through_a_bucket_both_halves_end_the_job_at_once_when_they_are_refused(stack, models):
    ModelDownload(stack, "it", models=models, model=QWEN, bucket=SPACES)

    [_, *refusals] = job_of(stack)["spec"]["pod_failure_policy"]["rule"]
    assert [each["on_exit_codes"]["container_name"] for each in refusals] == ["upload", "download"]
    assert Synthesised(stack).resources("kubernetes_config_map_v1") == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "My Bucket"}, "bucket 'My Bucket' is not a name"),
        ({"endpoint": "nyc3"}, "endpoint 'nyc3' of the bucket checkpoints, allowed: https://"),
        ({"image": ""}, "got no image for the bucket checkpoints, allowed: one of ours"),
    ],
)
def test_a_bucket_is_told_whole(wrong, says):
    with pytest.raises(UsageError, match=re.escape(says)):
        replace(SPACES, **wrong)


def served(name, model):
    return Serving(name=name, model=model, gpu_pool=NodePool.h100(), backend=Vllm())


def serve(stack, models, model, **choices):
    return DisaggDeployment.aggregated(
        stack,
        "serve",
        serving=served("it", model),
        platform=ExistingPlatform(workload_namespace="models"),
        models=models,
        **choices,
    )


def test_a_deployment_that_is_handed_a_download_starts_after_it(stack, models):
    brought = ModelDownload(stack, "it", models=models, model=QWEN)
    chat = serve(stack, brought, QWEN)

    found = Synthesised(stack)
    address = found.address("kubernetes_job_v1", found.resource("kubernetes_job_v1"))
    assert address in found.release("it")["depends_on"]
    assert chat.manifest["spec"]["pvcs"] == [{"name": models.claim, "create": False}]


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (ModelRef(repository="a/b"), "the models are Qwen/Qwen2.5-0.5B-Instruct, allowed: a/b"),
        (
            ModelRef(repository=QWEN.repository, revision="v2"),
            "the models are Qwen/Qwen2.5-0.5B-Instruct, allowed: Qwen/Qwen2.5-0.5B-Instruct at v2",
        ),
    ],
)
def test_a_deployment_of_what_is_not_downloaded_is_refused(stack, models, other, says):
    brought = ModelDownload(stack, "it", models=models, model=QWEN)

    with pytest.raises(UsageError) as caught:
        serve(stack, brought, other)

    assert caught.value.message.startswith(f"stack/serve: {says}")


def name_of(stack, id, models, **choices):
    return ModelDownload(stack, id, models=models, model=ModelRef(**choices)).name


def test_another_revision_is_another_job(app, stack, models):
    first = name_of(stack, "a", models, repository="owner/one", revision="v1")
    second = name_of(stack, "b", models, repository="owner/two", revision="v1")

    assert first.startswith("download-owner-one-")
    place = {"namespace": "models", "claim": "others", "account": "others"}
    other = ModelStore(stack, "others", share=SHARE, size_gib=200, **place)
    third = name_of(stack, "c", other, repository="owner/one", revision="v2")
    assert len({first, second, third}) == 3


def test_a_long_name_of_a_model_still_is_a_label(stack, models):
    name = name_of(stack, "a", models, repository=f"owner/{'x' * 90}")

    assert len(name) == 63


def test_one_checkpoint_has_one_download(stack, models):
    ModelDownload(stack, "it", models=models, model=QWEN)

    with pytest.raises(UsageError) as caught:
        ModelDownload(stack, "again", models=models, model=QWEN)

    assert caught.value.message == (
        "stack/again: Qwen/Qwen2.5-0.5B-Instruct is downloaded by stack/it already, "
        "allowed: one a checkpoint and share"
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"timeout": timedelta(seconds=5)}, "got a timeout of 0:00:05, allowed: at least a minute"),
        ({"models": "model-nfs-pvc"}, "models is 'model-nfs-pvc', allowed: a ModelStore or"),
        ({"models": ExistingModels(claim="theirs")}, "got no namespace of the claim theirs"),
        ({"token": ExistingSecret(name="x", namespace="y")}, "the token is in the namespace 'y'"),
        ({"token": 7}, "token is an int, allowed: a SecretRef, WorkloadSecrets, Existing"),
        ({"endpoint": "huggingface.co"}, "endpoint 'huggingface.co', allowed: a URL like https://"),
    ],
)
def test_bad_input_is_one_line_with_the_path(stack, models, wrong, says):
    with pytest.raises(UsageError) as caught:
        ModelDownload(stack, "it", **{"models": models, "model": QWEN, **wrong})

    assert caught.value.message.startswith(f"stack/it: {says}")


@pytest.mark.parametrize("revision", ["", "-x", "a b", "../../main"])
def test_a_revision_is_a_branch_tag_or_commit(revision):
    with pytest.raises(UsageError, match="allowed: a branch, tag or commit"):
        ModelRef(repository="owner/name", revision=revision)
