"""What an object store refuses, as one sentence with what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from gtc_spec.errors import GtcError, UnreachableError

_HINTS: Final = {
    "InvalidAccessKeyId": "check SPACES_ACCESS_KEY_ID: the store does not know this key",
    "SignatureDoesNotMatch": "check SPACES_SECRET_ACCESS_KEY: it does not belong to the key",
    "AccessDenied": "the key may not do this: it needs read and write access to the bucket",
    "NoSuchBucket": "create the bucket in the region of the endpoint, or check its name",
    "XAmzContentSHA256Mismatch": "the store does not take the checksums that were sent",
    "NotImplemented": "the store does not take the headers that were sent",
    "QuotaExceeded": "the bucket is full: make room or raise its quota",
}


@contextlib.contextmanager
def explained(action: str, key: str, endpoint: str, bucket: str) -> Iterator[None]:
    """Turn what botocore raises into our errors.

    Args:
        action: What is tried, a verb.
        key: Of which object.
        endpoint: Base URL of the store.
        bucket: Name of the bucket.

    Raises:
        UnreachableError: The store does not answer, or is busy.
        GtcError: It refuses.
    """
    try:
        yield
    except ClientError as error:
        raise _refusal(action, key, f"{endpoint}/{bucket}", error) from error
    except (ConnectionError, HTTPClientError) as error:
        raise UnreachableError(
            f"the store at {endpoint} does not answer to {action} {key}: {type(error).__name__}",
            "check endpoint and network, then repeat: what is there already is kept",
        ) from error
    except (BotoCoreError, ValueError) as error:
        raise GtcError(f"cannot {action} {key} in {bucket}: {error}") from error


def code_of(error: ClientError) -> str:
    """The store's word for it."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The status of the answer; 0 without one."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _refusal(action: str, key: str, where: str, error: ClientError) -> GtcError:
    code, status = code_of(error), status_of(error)
    hint = _HINTS.get(code, "")
    message = f"{where} answered {status} {code} to {action} {key}"
    if status == 412:
        return GtcError(f"{key} changed while it was read", "repeat")
    if status == 429 or status >= 500:
        return UnreachableError(message, hint or "the store is busy: repeat later")
    if code in ("403", "404"):  # a HEAD has no body that says more
        hint = _HINTS["AccessDenied" if code == "403" else "NoSuchBucket"]
    return GtcError(message, hint)
