"""A store in a process of its own, a hub on loopback, and a small checkpoint."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.directory import LOCK, DirectoryStore
from gtc_runtime.models.checkpoint import Checkpoint
from gtc_runtime.models.download import download
from gtc_runtime.models.manifest import Manifest
from gtc_runtime.models.upload import Source, upload
from gtc_spec import names
from tests.s3_server import KEY_ID, SECRET, s3_server
from tests.unit.models.fake_hub import REPOSITORY, FakeHub, serving

WEIGHTS = "model-00001-of-00002.safetensors"
PREFIX = names.model_prefix(REPOSITORY)


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture(scope="session")
def s3(s3_url: str) -> Any:
    """A client that knows nothing of ours."""
    return boto3.client(
        "s3",
        endpoint_url=s3_url,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A checkpoint of five files, one in a folder, two of them weights."""
    folder = tmp_path / "hub"
    folder.mkdir()
    draw = random.Random(1)
    (folder / WEIGHTS).write_bytes(draw.randbytes(327_697))
    (folder / "model-00002-of-00002.safetensors").write_bytes(draw.randbytes(131_072))
    (folder / "config.json").write_text('{"architectures": ["Llama"]}')
    (folder / "extra").mkdir()
    (folder / "extra/tokenizer.json").write_text("{}")
    (folder / "empty.txt").write_bytes(b"")
    (folder / ".gitattributes").write_text("*.safetensors filter=lfs\n")
    (folder / "original").mkdir()
    (folder / "original/consolidated.00.pth").write_bytes(draw.randbytes(20_000))
    with serving(FakeHub(folder)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@dataclass
class Models:
    """The way of a checkpoint, step by step."""

    s3: Any
    s3_url: str
    root: Path
    hub: FakeHub
    bucket: str
    told: list[str] = field(default_factory=list)

    @cached_property
    def store(self) -> Checkpoint[BucketStore]:
        access = SpacesAccess(self.s3_url, KEY_ID, SECRET)
        bucket = BucketStore(self.bucket, PREFIX, access, files_at_once=4)
        return Checkpoint(bucket, names.UPLOAD_MARKER)

    @property
    def share(self) -> Checkpoint[DirectoryStore]:
        return Checkpoint(DirectoryStore(self.root / "share"), names.DOWNLOAD_MARKER)

    def path(self, name: str) -> Path:
        """Where a file lies on the share."""
        return self.share.store.path(name)

    def source(self, **changes: Any) -> Source:
        usual: dict[str, Any] = {
            "repository": REPOSITORY,
            "revision": "",
            "token": "",
            "scratch": self.root / "scratch",
            "workers": 2,
        }
        return Source(**(usual | changes))

    def upload(self, **changes: Any) -> Manifest:
        return upload(self.store, self.source(**changes), self.told.append)

    def download(self, force: bool = False) -> Manifest:
        return download(self.store, self.share, self.told.append, workers=2, force=force)

    def put(self, name: str, content: bytes) -> None:
        """Write an object as somebody who is not us would."""
        self.s3.put_object(Bucket=self.bucket, Key=PREFIX + name, Body=content)

    def get(self, name: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=PREFIX + name)["Body"].read()
        return body

    def objects(self) -> set[str]:
        return set(self.store.store.sizes())

    def files(self) -> set[str]:
        """What lies on the share, the lock aside."""
        return set(self.share.store.sizes()) - {LOCK}


@pytest.fixture
def models(s3: Any, s3_url: str, tmp_path: Path, hub: FakeHub) -> Models:
    made = Models(s3, s3_url, tmp_path, hub, f"test-{uuid.uuid4().hex[:12]}")
    s3.create_bucket(Bucket=made.bucket)
    return made
