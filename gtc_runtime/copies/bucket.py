"""Files below a prefix of a bucket, by boto3: the one room that knows it.

Every payload is signed with its sha256, which the store compares with what arrived. This module
must not know manifests and markers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from s3transfer.exceptions import CancelledError
from s3transfer.futures import NonThreadedExecutor
from s3transfer.manager import TransferConfig, TransferManager

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.directory import HashedFile
from gtc_runtime.copies.s3_refusals import explained, no_bucket
from gtc_runtime.copies.store import READ_BYTES, NotInStoreError, refuse_large
from gtc_spec.errors import UsageError
from gtc_spec.manifests.secret_names import SPACES

PART_BYTES: Final = 32 * 2**20
"""Part of a file: what is sent or received again when a connection breaks."""
PARTS_MAX: Final = 10_000
"""Of one file, by the protocol of S3; the largest file of the hub has 50 GB."""
PARTS_AT_ONCE: Final = 2
"""Of one file on its way to the bucket."""
_SEND: Final = TransferConfig(
    multipart_threshold=PART_BYTES + 1,
    multipart_chunksize=PART_BYTES,
    max_request_concurrency=PARTS_AT_ONCE,
)
_RECEIVE: Final = TransferConfig(
    multipart_threshold=PART_BYTES + 1,
    multipart_chunksize=PART_BYTES,
    # s3transfer 0.19 queues the other parts before it is done with the first: room for them all
    max_in_memory_download_chunks=PARTS_MAX,
    max_request_queue_size=PARTS_MAX,
    num_download_attempts=2,  # of a part, without a pause
    io_chunksize=READ_BYTES,
)
_SHA256: Final = "sha256"
"""Metadata of an object: the digest of its content, set when it was created."""


@dataclass(frozen=True)
class Patience:
    """How long a store may keep us waiting: a connection, a silence in an exchange, and tries.

    Only 429, 5xx and lost connections are tried again, slower each time.
    """

    connect_s: float
    read_s: float
    tries: int


PATIENCE: Final = Patience(connect_s=5.0, read_s=20.0, tries=4)
"""Of a store that somebody waits for."""
PATIENCE_OF_JOBS: Final = Patience(connect_s=10.0, read_s=60.0, tries=6)
"""As long as a transfer of many gigabytes deserves."""


@dataclass(frozen=True)
class Stored:
    """An object that is there.

    Attributes:
        sha256: As said by whoever made it; empty when it was not one of us.
    """

    size_bytes: int
    sha256: str


class BucketStore:
    """Files below a prefix; see `gtc_runtime.copies.store.Store`. Safe to use from several threads.

    Args:
        bucket: Its name.
        prefix: Where in the bucket; empty for all of it.
        access: Endpoint and key.
        files_at_once: Files that are sent or received at the same time.
        patience: How long to wait.

    Raises:
        UsageError: The key is missing.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str,
        access: SpacesAccess,
        *,
        files_at_once: int = 1,
        patience: Patience | None = None,
    ) -> None:
        if not access.key_id or not access.secret:
            raise UsageError(
                f"the bucket {bucket} needs {' and '.join(SPACES.keys)}",
                "set them, or put them into .env",
            )
        self.bucket, self._endpoint = bucket, access.endpoint
        prefix = prefix.strip("/")
        self.name = f"s3://{bucket}/{prefix}"
        self._prefix = f"{prefix}/" if prefix else ""
        connections = files_at_once * PARTS_AT_ONCE + 2
        self._s3 = _client(access, connections, patience or PATIENCE)

    def get(self, key: str) -> bytes:
        """See `Store`."""
        with self._explained("read", key):
            answer = self._s3.get_object(**self._at(key))
            with contextlib.closing(answer["Body"]) as body:
                refuse_large(f"{self.name}/{key}", answer["ContentLength"])
                return bytes(body.read())

    def put(self, key: str, data: bytes) -> None:
        """See `Store`."""
        with self._explained("write", key):
            self._s3.put_object(**self._at(key), Body=data)

    def delete(self, key: str) -> None:
        """See `Store`."""
        with self._explained("remove", key):
            self._s3.delete_object(**self._at(key))

    def sizes(self) -> dict[str, int]:
        """See `Store`."""
        with self._explained("list"):
            pages = self._s3.get_paginator("list_objects_v2")
            return {
                each["Key"].removeprefix(self._prefix): int(each["Size"])
                for page in pages.paginate(Bucket=self.bucket, Prefix=self._prefix)
                for each in page.get("Contents", ())
            }

    def pieces(self, key: str) -> Iterator[bytes]:
        """See `Store`."""
        with self._explained("read", key):
            answer = self._s3.get_object(**self._at(key))
            with contextlib.closing(answer["Body"]) as body:
                yield from body.iter_chunks(READ_BYTES)

    def stored(self, key: str) -> Stored | None:
        """What is known of an object; None when there is none."""
        with contextlib.suppress(NotInStoreError), self._explained("look at", key):
            head = self._s3.head_object(**self._at(key))
            return Stored(int(head["ContentLength"]), head["Metadata"].get(_SHA256, ""))
        return None

    def send(self, path: Path, key: str, sha256: str, moved: Callable[[int], None]) -> None:
        """Send a file, in parts and several at once when it is large.

        Args:
            path: The file.
            key: Of the object, which is there whole or not at all.
            sha256: Digest of the file, kept with the object.
            moved: Gets the bytes of every piece; may raise to stop.
        """
        meta = {"Metadata": {_SHA256: sha256}}
        with self._explained("write", key), TransferManager(self._s3, _SEND) as manager:
            watch = _Watch(moved)
            watch.wait(manager.upload(str(path), self.bucket, self._prefix + key, meta, [watch]))

    def receive(self, key: str, into: HashedFile, moved: Callable[[int], None]) -> None:
        """Bring an object, one part after the other when it is large.

        Args:
            key: Of the object; one that changes meanwhile is refused.
            into: Where to.
            moved: Gets the bytes of every piece; may raise to stop.
        """
        # in the caller's thread: handing pieces to others costs more than hashing them
        here = TransferManager(self._s3, _RECEIVE, executor_cls=NonThreadedExecutor)
        with self._explained("read", key), here as manager:
            watch = _Watch(moved)
            watch.wait(manager.download(self.bucket, self._prefix + key, into, None, [watch]))

    def reach(self) -> None:
        """See that the bucket is there and that the key may look at it.

        Raises:
            UsageError: There is no such bucket.
        """
        try:
            with self._explained("look at"):
                self._s3.head_bucket(Bucket=self.bucket)
        except NotInStoreError:
            raise no_bucket(self.bucket, self._endpoint) from None

    def probe_write(self, key: str) -> None:
        """See that the key may write: an upload is begun and aborted, and nothing is left of it."""
        with self._explained("write", key):
            begun = self._s3.create_multipart_upload(**self._at(key))
            self._s3.abort_multipart_upload(**self._at(key), UploadId=begun["UploadId"])

    def abort_uploads(self) -> None:
        """Forget every unfinished upload below the prefix; their parts cost money unseen."""
        with self._explained("list the uploads of"):
            pages = self._s3.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self._prefix):
                for each in page.get("Uploads", ()):
                    with contextlib.suppress(self._s3.exceptions.NoSuchUpload):  # just finished
                        where = {"Bucket": self.bucket, "Key": each["Key"]}
                        self._s3.abort_multipart_upload(**where, UploadId=each["UploadId"])

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self._prefix + key}

    def _explained(self, action: str, key: str = "") -> contextlib.AbstractContextManager[None]:
        where = f"{self.name}/{key}" if key else self.name
        return explained(action, where, self._endpoint, self.bucket)


class _Watch:
    """Tells of the bytes of one transfer, and cancels it when whoever is told wants to stop."""

    def __init__(self, moved: Callable[[int], None]) -> None:
        self._moved = moved
        self._refusal: BaseException | None = None

    def on_progress(self, future: Any, bytes_transferred: int, **_: object) -> None:
        """Called by the transfer's threads; a failure raised here would be tried again."""
        try:
            self._moved(bytes_transferred)
        except BaseException as error:  # raised again by `wait`
            self._refusal = error
            future.cancel()

    def wait(self, future: Any) -> None:
        """Wait for the end of the transfer."""
        try:
            future.result()
        except CancelledError as error:
            raise self._refusal or error from None


def _client(access: SpacesAccess, connections: int, patience: Patience) -> Any:
    config = Config(
        connect_timeout=patience.connect_s,
        read_timeout=patience.read_s,
        retries={"mode": "legacy", "total_max_attempts": patience.tries},
        max_pool_connections=connections,
        # what boto3 adds by itself since 1.36 is refused by stores that are not Amazon's
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path", "payload_signing_enabled": True},
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=access.endpoint,
        region_name="us-east-1",  # signed, and ignored by Spaces: the endpoint says the region
        aws_access_key_id=access.key_id,
        aws_secret_access_key=access.secret,
        config=config,
    )
