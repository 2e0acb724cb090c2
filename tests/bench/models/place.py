"""A synthetic checkpoint, a hub that has it, a store to send it to, and what is true about it."""

import contextlib
import hashlib
import os
import random
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.crew import Crew
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.store import Store
from gtc_runtime.models.checkpoint import Checkpoint
from gtc_runtime.models.manifest import Manifest
from gtc_spec import names
from tests.s3_server import KEY_ID, SECRET
from tests.unit.models.fake_hub import REPOSITORY, FakeHub, serving, sha256_of

SMALL_FILES = 4
"""Of the twelve files: configuration and tokenizer, as real checkpoints have."""


@dataclass(frozen=True)
class Place:
    """Where a bench happens."""

    root: Path
    s3_url: str
    hub: FakeHub
    bucket: str
    workers: int = 6

    @property
    def share(self) -> Path:
        return self.root / "share"

    @property
    def s3(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.s3_url,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    def child(self, steps: str = "upload,download") -> "subprocess.Popen[str]":
        """Start a sync with a journal; its first line is ``begin``."""
        arguments = [steps, self.s3_url, self.bucket, REPOSITORY, str(self.root)]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.bench.models.child", *arguments, str(self.workers)],
            env={
                **os.environ,
                "HF_ENDPOINT": self.hub.url,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def job(self, direction: str) -> "subprocess.Popen[str]":
        """Start one step as the jobs in the cluster do; its log comes line by line."""
        given = {
            "repository": REPOSITORY,
            "bucket": self.bucket,
            "endpoint": self.s3_url,
            "prefix": names.model_prefix(REPOSITORY),
            "upload-marker": names.UPLOAD_MARKER,
        }
        if direction == "upload":
            given["scratch"] = str(self.root / "scratch")
        else:
            given |= {"directory": str(self.share), "download-marker": names.DOWNLOAD_MARKER}
        flags = [word for name, value in given.items() for word in (f"--{name}", value)]
        return subprocess.Popen(
            [sys.executable, "-m", "gtc_runtime.models.sync", direction, *flags],
            env={
                **os.environ,
                "HF_ENDPOINT": self.hub.url,
                "PYTHONPATH": os.pathsep.join(sys.path),
                "SPACES_ACCESS_KEY_ID": KEY_ID,
                "SPACES_SECRET_ACCESS_KEY": SECRET,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def copies(self) -> tuple[Checkpoint[BucketStore], Checkpoint[DirectoryStore]]:
        access = SpacesAccess(self.s3_url, KEY_ID, SECRET)
        bucket = BucketStore(self.bucket, names.model_prefix(REPOSITORY), access)
        return (
            Checkpoint(bucket, names.UPLOAD_MARKER),
            Checkpoint(DirectoryStore(self.share), names.DOWNLOAD_MARKER),
        )

    def wrong(self, copy: Checkpoint[Store]) -> list[str]:
        """What a copy has otherwise than the hub; the hub's files are asked, no manifest."""
        truth = {
            path.relative_to(self.hub.folder).as_posix(): sha256_of(path)
            for path in self.hub.folder.rglob("*")
            if path.is_file()
        }
        files = [
            {"name": name, "size_bytes": (self.hub.folder / name).stat().st_size, "sha256": sha256}
            for name, sha256 in truth.items()
        ]
        manifest = Manifest.model_validate(
            {"repository": REPOSITORY, "revision": self.hub.commit, "files": files}
        )
        return copy.verify(manifest, Crew(2, lambda _stage, _n: None), "")

    def clear(self) -> None:
        """Forget bucket and directories; the hub keeps its files."""
        s3 = self.s3
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket):
            for each in page.get("Uploads", ()):
                s3.abort_multipart_upload(
                    Bucket=self.bucket, Key=each["Key"], UploadId=each["UploadId"]
                )
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for each in page.get("Contents", ()):
                s3.delete_object(Bucket=self.bucket, Key=each["Key"])
        for folder in (self.share, self.root / "scratch"):
            shutil.rmtree(folder, ignore_errors=True)
        (self.root / "journal").unlink(missing_ok=True)


@contextlib.contextmanager
def place(root: Path, s3_url: str, total_bytes: int) -> Iterator[Place]:
    """Make a checkpoint of twelve files and serve it."""
    folder = root / "hub"
    make_checkpoint(folder, total_bytes)
    with serving(FakeHub(folder)) as hub:
        hub.listing()  # reads every byte once; a hub knows its digests
        made = Place(root, s3_url, hub, f"bench-{uuid.uuid4().hex[:12]}")
        made.s3.create_bucket(Bucket=made.bucket)
        yield made
        made.clear()


def make_checkpoint(folder: Path, total_bytes: int) -> None:
    """Twelve files: eight of weights of uneven size, four small ones, one of them in a folder."""
    folder.mkdir(parents=True)
    shares = [1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.7, 0.4]
    for number, share in enumerate(shares):
        size = int(total_bytes * share / sum(shares))
        _write(folder / f"model-{number + 1:05d}-of-00008.safetensors", size, number)
    for number in range(SMALL_FILES):
        path = folder / ("config.json" if number == 0 else f"extra/tokenizer-{number}.json")
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'{{"number": {number}}}' + " " * 500 * number)


def _write(path: Path, size: int, seed: int) -> None:
    draw = random.Random(seed)
    with path.open("wb") as file:
        block = draw.randbytes(1 << 20)
        left = size
        while left > 0:
            # every block differs: a part in a wrong place must not look right
            head = hashlib.sha256(f"{seed}/{left}".encode()).digest()
            left -= file.write((head + block[len(head) :])[:left])
