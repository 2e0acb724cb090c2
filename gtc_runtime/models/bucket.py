"""The bucket as the model sync sees it; knows botocore, as does only what explains its errors.

Uploads go in parts and can be taken up again by any later run; downloads begin at any byte. Every
refusal becomes one sentence with what to do. This module must not know checkpoints.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from gtc_runtime.models.bucket_errors import code_of, explained, status_of
from gtc_runtime.models.part_body import PartBody
from gtc_spec.errors import GtcError

CONNECT_S: Final = 10.0
READ_S: Final = 60.0
"""Longest silence of the store inside one exchange, seconds."""
TRIES: Final = 6
"""Requests per call. Only 429, 5xx and lost connections are repeated, slower each time."""
_SHA256: Final = "sha256"
"""Metadata of an object: the digest of its content, set when it was created."""


@dataclass(frozen=True)
class Patience:
    """How long a store may keep us waiting: a connection, a silence in an exchange, and tries."""

    connect_s: float
    read_s: float
    tries: int


@dataclass(frozen=True)
class Stored:
    """An object that is there.

    Attributes:
        sha256: As said by whoever made it; empty when it was not one of us.
        etag: Changes with the content.
    """

    size_bytes: int
    sha256: str
    etag: str


@dataclass
class Upload:
    """An upload under way.

    Attributes:
        parts: MD5 of the parts that the store has, by their number from 1.
    """

    key: str
    id: str
    parts: dict[int, str]


class Bucket:
    """One bucket. Safe to use from several threads.

    Args:
        name: Its name.
        endpoint: Base URL of the store.
        key_id: Access key.
        secret: Its secret.
        connections: Exchanges at the same time.
        patience: How long to wait. Default: as long as a transfer of many gigabytes deserves.
    """

    def __init__(
        self,
        name: str,
        endpoint: str,
        key_id: str,
        secret: str,
        connections: int,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self._endpoint = endpoint
        patience = patience or Patience(CONNECT_S, READ_S, TRIES)
        self._s3: Any = _session().create_client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            region_name="us-east-1",  # Spaces signs with any region; botocore insists on one
            config=Config(
                connect_timeout=patience.connect_s,
                read_timeout=patience.read_s,
                retries={"mode": "adaptive", "total_max_attempts": patience.tries},
                max_pool_connections=connections + 2,
                # S3-compatible stores refuse the newer checksum headers
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                # Content-MD5 covers the content; over HTTPS it is never signed anyway
                s3={"addressing_style": "path", "payload_signing_enabled": False},
            ),
        )

    def reach(self) -> None:
        """See that the bucket is there and that the key may look at it."""
        with self._explained("look at", "the bucket"):
            self._s3.head_bucket(Bucket=self.name)

    def read(self, key: str) -> bytes | None:
        """The content of a small object; None when there is none."""
        with self._explained("read", key):
            try:
                return bytes(self._s3.get_object(Bucket=self.name, Key=key)["Body"].read())
            except ClientError as error:
                if code_of(error) in ("NoSuchKey", "404"):
                    return None
                raise

    def write(self, key: str, content: bytes, sha256: str = "") -> None:
        """Write a small object."""
        metadata = {_SHA256: sha256} if sha256 else {}
        with self._explained("write", key):
            self._s3.put_object(
                Bucket=self.name,
                Key=key,
                Body=content,
                ContentMD5=_content_md5(content),
                Metadata=metadata,
            )

    def create(self, key: str, content: bytes) -> bool:
        """Write a small object that must not exist; False when it does."""
        with self._explained("create", key):
            try:
                self._s3.put_object(Bucket=self.name, Key=key, Body=content, IfNoneMatch="*")
            except ClientError as error:
                if status_of(error) in (409, 412):
                    return False
                raise
            return True

    def remove(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        with self._explained("remove", key):
            self._s3.delete_object(Bucket=self.name, Key=key)

    def sizes(self, prefix: str) -> dict[str, int]:
        """Bytes of every object below a prefix, by its name after the prefix."""
        found: dict[str, int] = {}
        with self._explained("list", prefix):
            pages = self._s3.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                for each in page.get("Contents", ()):
                    found[each["Key"].removeprefix(prefix)] = int(each["Size"])
        return found

    def look(self, key: str) -> Stored | None:
        """What is known of an object; None when there is none."""
        with self._explained("look at", key):
            try:
                head = self._s3.head_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if status_of(error) == 404:
                    return None
                raise
        return Stored(int(head["ContentLength"]), head["Metadata"].get(_SHA256, ""), head["ETag"])

    def stream(self, key: str, etag: str, offset: int, piece_bytes: int) -> Iterator[bytes]:
        """The content of an object from a byte on.

        Raises:
            UnreachableError: The stream broke; go on from what has arrived.
            GtcError: The object is not the one with this ETag any more, or the store refuses.
        """
        with self._explained("read", key):
            answer = self._s3.get_object(
                Bucket=self.name, Key=key, IfMatch=etag, Range=f"bytes={offset}-"
            )
            with contextlib.closing(answer["Body"]) as body:
                yield from body.iter_chunks(piece_bytes)

    def open_upload(self, key: str, sha256: str) -> Upload:
        """Take up the unfinished upload of an object, or begin one."""
        with self._explained("upload", key):
            for each in self._uploads(key):
                if each["Key"] == key:
                    return Upload(key, each["UploadId"], self._parts(key, each["UploadId"]))
            begun = self._s3.create_multipart_upload(
                Bucket=self.name, Key=key, Metadata={_SHA256: sha256}
            )
            return Upload(key, begun["UploadId"], {})

    def send_part(self, upload: Upload, number: int, content: memoryview, md5: str) -> None:
        """Send one part and see that the store has just these bytes.

        Args:
            upload: From `open_upload`.
            number: From 1.
            content: The part; it is not copied.
            md5: Its digest.
        """
        with self._explained("upload", upload.key):
            sent = self._s3.upload_part(
                Bucket=self.name,
                Key=upload.key,
                UploadId=upload.id,
                PartNumber=number,
                Body=PartBody(content),
                ContentMD5=base64.b64encode(bytes.fromhex(md5)).decode(),
            )
        if sent["ETag"].strip('"') != md5:
            raise GtcError(
                f"the store has other bytes than were sent: part {number} of {upload.key}",
                "repeat; if it stays, the store or the way to it is broken",
            )
        upload.parts[number] = md5

    def finish(self, upload: Upload, numbers: Sequence[int]) -> None:
        """Make the object out of these parts."""
        parts = [{"PartNumber": each, "ETag": f'"{upload.parts[each]}"'} for each in numbers]
        with self._explained("finish the upload of", upload.key):
            self._s3.complete_multipart_upload(
                Bucket=self.name,
                Key=upload.key,
                UploadId=upload.id,
                MultipartUpload={"Parts": parts},
            )

    def abort(self, upload: Upload) -> None:
        """Forget an unfinished upload and its parts."""
        with self._explained("abort the upload of", upload.key):
            self._s3.abort_multipart_upload(Bucket=self.name, Key=upload.key, UploadId=upload.id)

    def abort_all(self, prefix: str) -> None:
        """Forget every unfinished upload below a prefix; their parts cost money unseen."""
        with self._explained("list uploads of", prefix):
            found = list(self._uploads(prefix))
        for each in found:
            self.abort(Upload(each["Key"], each["UploadId"], {}))

    def _uploads(self, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self._s3.get_paginator("list_multipart_uploads")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix):
            yield from page.get("Uploads", ())

    def _parts(self, key: str, upload: str) -> dict[int, str]:
        pages = self._s3.get_paginator("list_parts")
        return {
            int(each["PartNumber"]): each["ETag"].strip('"')
            for page in pages.paginate(Bucket=self.name, Key=key, UploadId=upload)
            for each in page.get("Parts", ())
        }

    def _explained(self, action: str, key: str) -> contextlib.AbstractContextManager[None]:
        return explained(action, key, self._endpoint, self.name)


@functools.cache
def _session() -> botocore.session.Session:
    """One for all buckets: it keeps the description of S3, which takes long to read."""
    return botocore.session.get_session()


def _content_md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
