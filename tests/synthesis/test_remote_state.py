"""State in a bucket: Terraform keeps it there, hands it to the next stack and locks it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from gtc_constructs._bindings import App, TerraformResource, TerraformStack
from gtc_constructs.base import synthesise
from gtc_constructs.state import SpacesBackend
from tests.s3_server import KEY_ID, SECRET, s3_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
BUCKET = "team-states"


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """An S3 store with the bucket in it; its address."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    with s3_server() as url:
        client(url).create_bucket(Bucket=BUCKET)
        yield url


def client(url: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )  # fmt: skip


def stacks(folder: Path, url: str) -> Path:
    """Two stacks of Terraform's own resource; the second takes a value of the first."""
    app = App(outdir=str(folder))
    first, second = TerraformStack(app, "infra"), TerraformStack(app, "workload")
    for stack in (first, second):
        SpacesBackend(stack, bucket=BUCKET, region="nyc3", endpoint=url)
    made = TerraformResource(first, "made", terraform_resource_type="terraform_data")
    made.add_override("input", "from infra")
    taken = TerraformResource(second, "taken", terraform_resource_type="terraform_data")
    taken.add_override("input", made.get_string_attribute("output"))
    return synthesise(app) / "stacks"


def terraform(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    return subprocess.run(
        ["terraform", f"-chdir={folder}", *command],
        env={**os.environ, **keys, "CHECKPOINT_DISABLE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def state(url: str, stack: str) -> str:
    stored = client(url).get_object(Bucket=BUCKET, Key=f"{stack}.tfstate")["Body"].read()
    [resource] = [each for each in json.loads(stored)["resources"] if each["mode"] == "managed"]
    value: str = resource["instances"][0]["attributes"]["input"]["value"]
    return value


def test_both_states_are_in_the_bucket_and_one_stack_reads_the_other(
    store: str, tmp_path: Path
) -> None:
    folder = stacks(tmp_path, store)
    for stack in ("infra", "workload"):
        for command in (("init", "-input=false"), ("apply", "-auto-approve", "-input=false")):
            ran = terraform(folder / stack, *command)
            assert ran.returncode == 0, ran.stderr

    assert (state(store, "infra"), state(store, "workload")) == ("from infra", "from infra")
    assert not list(folder.glob("*/*.tfstate"))


def test_who_finds_the_lock_of_another_is_told_and_changes_nothing(
    store: str, tmp_path: Path
) -> None:
    folder = stacks(tmp_path, store) / "infra"
    assert terraform(folder, "init", "-input=false").returncode == 0
    lock = json.dumps({"ID": "1", "Who": "a colleague", "Operation": "OperationTypeApply"})
    key = "infra.tfstate.tflock"
    client(store).put_object(Bucket=BUCKET, Key=key, Body=lock.encode())
    try:
        ran = terraform(folder, "apply", "-auto-approve", "-input=false", "-lock-timeout=0s")
    finally:
        client(store).delete_object(Bucket=BUCKET, Key=key)

    assert ran.returncode != 0
    assert "Error acquiring the state lock" in ran.stderr
    assert "a colleague" in ran.stderr
