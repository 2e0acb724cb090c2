"""One call to a running panel, with its answer or its refusal."""

from __future__ import annotations

import http.client
import json
from functools import cache, partial
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from gtc_cli.target.panel_key import Panel
from gtc_runtime.actor import CLI_AGENT
from gtc_spec import foreign_json, versions
from gtc_spec.errors import GtcError, UnreachableError, UsageError

TIMEOUT_S = 60.0
"""Taking control waits up to 30 s for KEDA to let go."""


class _NoRedirects(HTTPRedirectHandler):
    """Follows none: the key is for the address that was named."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Go nowhere."""


@cache
def _opener() -> OpenerDirector:
    return build_opener(_NoRedirects)


class LockedError(GtcError):
    """The panel asks for its key, or was shown another one."""


def call(
    panel: Panel,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    timeout_s: float = TIMEOUT_S,
    known_by: str = "phase",
) -> Any:
    """One request to the panel; its key is looked for when it asks for one.

    Args:
        panel: Where to.
        method: Of the request.
        path: Of the request.
        body: Sent as JSON; None sends none.
        timeout_s: Longest silence.
        known_by: A field that the answer of a panel has.

    Raises:
        UnreachableError: Nothing answers there.
        GtcError: The panel refuses; its own words.
    """
    request = partial(_ask, panel.url, method, path, body, timeout_s=timeout_s)
    try:
        found = request("")
    except LockedError:
        key = panel.key()
        if not key:
            raise
        found = request(key)
    return _json(found, panel.url, known_by)


def _ask(
    base: str, method: str, path: str, body: dict[str, Any] | None, key: str, *, timeout_s: float
) -> bytes:
    if not _is_address(base):
        raise UsageError(f"not the address of a panel: {base!r}, allowed: http://host:port")
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "User-Agent": f"{CLI_AGENT}/{versions.GTC}"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = Request(base + path, data=data, headers=headers, method=method)  # noqa: S310
    try:
        with _opener().open(request, timeout=timeout_s) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        if 300 <= error.code < 400:
            raise _sent_on(base, error.headers.get("Location", "")) from None
        raise _refusal(error.code, error.read()) from None
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        reason = str(getattr(error, "reason", error)).lower() or type(error).__name__
        raise UnreachableError(
            f"the panel at {base} does not answer: {reason}", "is make demo running?"
        ) from None


def _is_address(base: str) -> bool:
    try:
        parts = urlsplit(base)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _json(body: bytes, base: str, known_by: str) -> Any:
    try:
        view = foreign_json.read(body)
    except ValueError:
        view = None
    if not isinstance(view, dict) or known_by not in view:
        raise UnreachableError(f"{base} answers, but it is no gtc panel", "check --url")
    return view


def _sent_on(base: str, location: str) -> GtcError:
    there = location.partition("?")[0][:120] or "nowhere"
    return UnreachableError(
        f"{base} answers that the panel is at {there!r}", "give that panel's address with --url"
    )


def _refusal(status: int, body: bytes) -> GtcError:
    kind = {401: LockedError, 422: UsageError}.get(status, GtcError)
    try:
        told = foreign_json.read(body)
        return kind(str(told["error"]), str(told.get("hint", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return kind(f"the panel answered {status}: {body[:120].decode(errors='replace')}")
