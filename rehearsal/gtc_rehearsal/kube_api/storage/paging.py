"""Lists in pages: `limit` and `continue`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

from gtc_rehearsal.kube_api.errors import bad_request
from gtc_rehearsal.kube_api.objects import Object, key_of
from gtc_rehearsal.kube_api.storage.store import Store


def page(
    store: Store, items: list[Object], query: Mapping[str, str]
) -> tuple[list[Object], Object]:
    """One page of a list and the metadata of the list.

    Args:
        store: Gives the revision of a first page and judges an old token.
        items: All items, in order.
        query: The request's parameters.

    Raises:
        ApiError: 400 for a bad limit or token, 410 for a token older than the history.
    """
    limit, token = query.get("limit") or "0", query.get("continue") or ""
    if not limit.isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{limit}": invalid syntax')
    revision = store.revision
    if token:
        revision, after = _read(token)
        store.changes_since(revision)
        items = [obj for obj in items if key_of(obj) > after]
    meta: Object = {"resourceVersion": str(revision)}
    size = int(limit)
    if size and len(items) > size:
        meta["continue"] = _token(revision, items[size - 1])
        meta["remainingItemCount"] = len(items) - size
        items = items[:size]
    return items, meta


def _token(revision: int, last: Object) -> str:
    content = json.dumps([revision, *key_of(last)])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read(token: str) -> tuple[int, tuple[str, str]]:
    try:
        padded = token + "=" * (-len(token) % 4)
        revision, namespace, name = json.loads(base64.urlsafe_b64decode(padded))
        return int(revision), (str(namespace), str(name))
    except (binascii.Error, ValueError, TypeError):
        raise bad_request("continue key is not valid") from None
