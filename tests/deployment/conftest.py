"""What is deployed here is synthesised once a session."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from gtc_spec.environment import load
from tests.s3_server import s3_server
from tests.synthesis.conftest import synthesise


@pytest.fixture(scope="session")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All stacks, as ``main.py`` writes them without a choice."""
    folder = tmp_path_factory.mktemp("synthesised")
    ran = synthesise(folder)
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An object store with our bucket and the corpus of dev in it; the address."""
    with store(tmp_path_factory.mktemp("corpus"), "dev") as url:
        yield url


@contextmanager
def store(folder: Path, env: str) -> Iterator[str]:
    """A store with our bucket and the corpus of an environment, without the sites of its texts."""
    with s3_server() as url:
        client = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test",
            region_name="us-east-1",
        )  # fmt: skip
        client.create_bucket(Bucket=load(env).spaces.bucket)
        clean = {name: each for name, each in os.environ.items() if not name.startswith("GTC_")}
        key = dict.fromkeys(("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"), "test")
        subprocess.run(
            [sys.executable, "-m", "gtc_cli", "corpus", "deploy", "--env", env, "--offline"],
            cwd=folder,
            env={**clean, **key, "GTC_SPACES_ENDPOINT": url,
                 "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
            check=True,
            capture_output=True,
            timeout=120,
        )  # fmt: skip
        yield url
