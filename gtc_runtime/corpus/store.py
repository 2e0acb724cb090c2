"""Where a corpus is kept: a directory, or a prefix in a Spaces bucket. Both look the same.

The files of a corpus are a few MB at most, so they travel as whole bytes. Errors name the bucket,
the key and what to do; secrets are never part of them. It must not know what the files mean.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from gtc_spec.errors import GtcError, UnreachableError, UsageError

FILE_BYTES_MAX: Final = 64 * 2**20
"""No file of a corpus is nearly as large; whatever is was not made by us."""
CONNECT_S: Final = 5.0
READ_S: Final = 20.0
ATTEMPTS: Final = 4
"""Tries of one call, the first included."""


class NotInStoreError(GtcError):
    """The store has no file of that name."""


class Store(Protocol):
    """Files by key; a key is a relative path with forward slashes."""

    @property
    def name(self) -> str:
        """What the store is called in sentences."""

    def get(self, key: str) -> bytes:
        """The content of a file.

        Raises:
            NotInStoreError: There is none.
            GtcError: It cannot be read.
        """

    def put(self, key: str, data: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            GtcError: It cannot be written.
        """

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""

    def keys(self) -> set[str]:
        """The keys of all files."""


@dataclass(frozen=True)
class SpacesAccess:
    """How to reach buckets.

    Attributes:
        endpoint: Base address, such as ``https://atl1.digitaloceanspaces.com``.
        key_id, secret: The Spaces key; empty ones are refused before anything is sent.
    """

    endpoint: str
    key_id: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


def open_store(location: str, access: SpacesAccess) -> Store:
    """The store at ``s3://bucket/prefix`` or in a directory.

    Raises:
        UsageError: The location is not one, or a bucket is meant and the key is missing.
    """
    if "://" not in location:
        return DirectoryStore(Path(location))
    scheme, _, rest = location.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket or not prefix.strip("/"):
        raise UsageError(
            f"not the place of a corpus: '{location}', allowed: a directory or s3://bucket/prefix"
        )
    return SpacesStore(bucket, prefix.strip("/"), access)


class DirectoryStore:
    """Files below a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.root)

    def get(self, key: str) -> bytes:
        """See `Store`."""
        path = self._path(key)
        try:
            if path.stat().st_size > FILE_BYTES_MAX:
                raise _too_large(str(path))
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise NotInStoreError(f"{path} does not exist") from None
        except OSError as error:
            raise GtcError(f"cannot read {path}: {error.strerror}") from None

    def put(self, key: str, data: bytes) -> None:
        """See `Store`; the file is on the disk when this returns."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            scratch = Path(file.name)
            scratch.chmod(0o644)
            scratch.replace(path)
            sync_directory(path.parent)
        except OSError as error:
            raise GtcError(f"cannot write {path}: {error.strerror}", "free space?") from None

    def delete(self, key: str) -> None:
        """See `Store`."""
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                sync_directory(path.parent)
        except OSError as error:
            raise GtcError(f"cannot remove {path}: {error.strerror}") from None

    def keys(self) -> set[str]:
        """See `Store`."""
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix() for path in files}

    def _path(self, key: str) -> Path:
        if key.startswith("/") or ".." in key.split("/"):
            raise UsageError(f"not a key of a store: {key!r}")
        return self.root / key


class SpacesStore:
    """Files below a prefix of a bucket, by the S3 protocol.

    Raises:
        UsageError: The Spaces key is missing.
    """

    def __init__(self, bucket: str, prefix: str, access: SpacesAccess) -> None:
        if not (access.key_id and access.secret):
            raise UsageError(
                f"no Spaces key for s3://{bucket}",
                "set SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY",
            )
        self._bucket, self._prefix, self._access = bucket, prefix, access
        self._client = _client(access)

    @property
    def name(self) -> str:
        """Its address."""
        return f"s3://{self._bucket}/{self._prefix}"

    def get(self, key: str) -> bytes:
        """See `Store`."""
        with self._told("read", key):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(key))
            if answer["ContentLength"] > FILE_BYTES_MAX:
                raise _too_large(f"{self.name}/{key}")
            data: bytes = answer["Body"].read()
        return data

    def put(self, key: str, data: bytes) -> None:
        """See `Store`."""
        with self._told("write", key):
            self._client.put_object(Bucket=self._bucket, Key=self._key(key), Body=data)

    def delete(self, key: str) -> None:
        """See `Store`."""
        with self._told("remove", key):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(key))

    def keys(self) -> set[str]:
        """See `Store`."""
        found: set[str] = set()
        with self._told("list", ""):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}/"
            )
            for page in pages:
                found |= {each["Key"] for each in page.get("Contents", ())}
        return {key.removeprefix(f"{self._prefix}/") for key in found}

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}"

    @contextmanager
    def _told(self, what: str, key: str) -> Iterator[None]:
        """Turn what boto3 raises into one sentence."""
        from botocore.exceptions import BotoCoreError, ClientError

        where = f"{self.name}/{key}" if key else self.name
        try:
            yield
        except ClientError as error:
            raise self._refusal(what, where, error.response) from None
        except (BotoCoreError, OSError) as error:
            words = str(error).split("\n")[0].rstrip(".")
            raise UnreachableError(
                f"cannot {what} {where}: {words}", f"does {self._access.endpoint} answer?"
            ) from None

    def _refusal(self, what: str, where: str, response: dict[str, Any]) -> GtcError:
        code = str(response.get("Error", {}).get("Code", ""))
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in ("NoSuchKey", "404"):
            return NotInStoreError(f"{where} does not exist")
        if code == "NoSuchBucket":
            return UsageError(
                f"there is no bucket '{self._bucket}' at {self._access.endpoint}",
                "check its name and its region",
            )
        hints = {
            "InvalidAccessKeyId": "SPACES_ACCESS_KEY_ID is not a key of this account",
            "SignatureDoesNotMatch": "SPACES_SECRET_ACCESS_KEY does not belong to the key id",
            "AccessDenied": "the Spaces key may not do this in this bucket",
            "403": "the Spaces key may not do this in this bucket",
            "SlowDown": "the store is busy, repeat the command in a minute",
        }
        kind = UnreachableError if status >= _SERVER_ERROR else GtcError
        return kind(f"cannot {what} {where}: {code or status}", hints.get(code, ""))


_SERVER_ERROR = 500


def sync_directory(path: Path) -> None:
    """Have the names in a directory on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _too_large(where: str) -> GtcError:
    return GtcError(f"{where} has more than {FILE_BYTES_MAX // 2**20} MiB, no file of a corpus has")


def _client(access: SpacesAccess) -> Any:
    import boto3  # costs half a second, and most processes never need it
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        # what boto3 adds by itself since 1.36 is refused by stores that are not Amazon's
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"},
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=access.endpoint,
        region_name="us-east-1",  # signed, and ignored by Spaces: the endpoint says the region
        aws_access_key_id=access.key_id,
        aws_secret_access_key=access.secret,
        config=config,
    )
