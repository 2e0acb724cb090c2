"""What an object store refuses, as one sentence with what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError, S3ValidationError

from gtc_runtime.copies.store import NotInStoreError
from gtc_spec.errors import GtcError, UnreachableError, UsageError

_DENIED: Final = "the key may not do this: it needs read and write access to the bucket"
_HINTS: Final = {
    "InvalidAccessKeyId": "check SPACES_ACCESS_KEY_ID: the store does not know this key",
    "SignatureDoesNotMatch": "check SPACES_SECRET_ACCESS_KEY: it does not belong to the key",
    "AccessDenied": _DENIED,
    "403": _DENIED,  # a HEAD has no body that says more
    "XAmzContentSHA256Mismatch": "the store got other bytes than were sent: repeat",
    "NotImplemented": "the store does not take the headers that were sent",
    "QuotaExceeded": "the bucket is full: make room or raise its quota",
}
_NO_KEY: Final = ("NoSuchKey", "404")


@contextlib.contextmanager
def explained(action: str, where: str, endpoint: str, bucket: str) -> Iterator[None]:
    """Turn what boto3 raises into our errors.

    Args:
        action: What is tried, a verb.
        where: Address of the object or of the bucket.
        endpoint: Base URL of the store.
        bucket: Name of the bucket.

    Raises:
        NotInStoreError: There is no such object.
        UnreachableError: The store does not answer, or is busy.
        GtcError: It refuses.
    """
    try:
        yield
    except ClientError as error:
        raise _refusal(action, where, endpoint, bucket, error) from error
    except S3DownloadFailedError as error:
        raise GtcError(f"{where} changed while it was read", "repeat") from error
    except S3ValidationError as error:
        raise GtcError(
            f"the store at {endpoint} sent other bytes of {where} than were asked for", "repeat"
        ) from error
    except (ConnectionError, HTTPClientError, RetriesExceededError) as error:
        raise UnreachableError(
            f"the store at {endpoint} does not answer to {action} {where}: {type(error).__name__}",
            "check endpoint and network, then repeat: what is there already is kept",
        ) from error
    except (BotoCoreError, Boto3Error, ValueError) as error:
        raise GtcError(f"cannot {action} {where}: {error}") from error


def no_bucket(bucket: str, endpoint: str) -> UsageError:
    """What to say about a bucket that does not exist."""
    return UsageError(
        f"there is no bucket '{bucket}' at {endpoint}",
        "create the bucket in the region of the endpoint, or check its name and region",
    )


def _refusal(action: str, where: str, endpoint: str, bucket: str, error: ClientError) -> GtcError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _NO_KEY:
        return NotInStoreError(f"{where} does not exist")
    if code == "NoSuchBucket":
        return no_bucket(bucket, endpoint)
    message, hint = f"cannot {action} {where}: {code or status}", _HINTS.get(code, "")
    if status == 429 or status >= 500:
        return UnreachableError(message, hint or "the store is busy: repeat later")
    return GtcError(message, hint)
