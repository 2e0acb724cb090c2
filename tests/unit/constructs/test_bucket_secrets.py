"""The keys of a bucket are there before the job that reads them, for which Terraform waits."""

import re
from dataclasses import replace

import pytest

from gtc_constructs.base import synthesise
from gtc_constructs.cluster.connection import KubeconfigConnection
from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_constructs.serving.model_download import ModelDownload
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingBucket, ExistingModels, ExistingSecret
from gtc_spec.graph.model_ref import ModelRef
from tests.synthesised import Synthesised

QWEN = ModelRef(repository="Qwen/Qwen2.5-0.5B-Instruct")
KEYS = ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
SPACES = ExistingBucket(
    name="checkpoints",
    endpoint="https://nyc3.digitaloceanspaces.com",
    image="registry.digitalocean.com/mine/gtc-demo-loadgen:1",
)


@pytest.fixture
def models():
    return ExistingModels(claim="weights", namespace="models")


def keys_of(stack, *, namespace="models", keys=KEYS):
    refs = {key: SecretRef.from_variable(stack, key.lower(), description=key) for key in keys}
    return WorkloadSecrets(stack, "keys", namespace=namespace, secrets={"bucket": refs})


def test_the_keys_of_a_bucket_come_before_the_job_that_reads_them(stack, models):
    keys = keys_of(stack)
    ModelDownload(stack, "it", models=models, model=QWEN, bucket=SPACES, bucket_secrets=keys)

    found = Synthesised(stack)
    [secret] = found.json["resource"]["kubernetes_secret_v1"]
    job = found.resource("kubernetes_job_v1")
    assert f"kubernetes_secret_v1.{secret}" in job["depends_on"]
    pod = job["spec"]["template"]["spec"]
    reads = [each["env_from"] for each in (*pod["init_container"], *pod["container"])]
    assert reads == [[{"secret_ref": {"name": "bucket"}}]] * 2


@pytest.mark.parametrize(
    ("bucket", "keys", "says"),
    [
        (None, {}, "got bucket_secrets without a bucket, allowed: both or neither"),
        (SPACES, {"namespace": "other"}, "its keys are in the namespace 'other', allowed: models"),
        (SPACES, {"keys": ["SPACES_ACCESS_KEY_ID"]}, "no secret has the key SPACES_ACCESS_KEY_ID"),
    ],
)
def test_keys_that_a_bucket_cannot_use_are_refused(stack, models, bucket, keys, says):
    given = keys_of(stack, **keys)
    with pytest.raises(UsageError, match=f"^stack/it: {re.escape(says)}"):
        ModelDownload(stack, "it", models=models, model=QWEN, bucket=bucket, bucket_secrets=given)


def test_a_secret_of_the_stack_that_is_only_named_is_refused_when_written(app, stack, models):
    KubeconfigConnection(stack, "connection")
    named = replace(SPACES, secret="bucket")
    brought = ModelDownload(stack, "it", models=models, model=QWEN, bucket=named)
    keys = keys_of(stack)

    with pytest.raises(UsageError) as caught:
        synthesise(app)
    assert caught.value.message == (
        "stack/it: its job reads the Secret bucket and does not wait for stack/keys, which makes "
        "it, allowed: that one as token= or bucket_secrets="
    )

    brought.node.add_dependency(keys)
    synthesise(app)


def test_a_secret_that_somebody_else_made_has_the_keys_too(stack, models):
    theirs = ExistingSecret(name="theirs")
    made = ModelDownload(
        stack, "it", models=models, model=QWEN, bucket=SPACES, bucket_secrets=theirs
    )

    [download] = made.manifest["spec"]["template"]["spec"]["containers"]
    assert download["envFrom"] == [{"secretRef": {"name": "theirs"}}]
