"""DigitalOcean's API: one question or deletion at a time, with a deadline and one line of error.

It must not know what any of the objects mean to us.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import httpx

from gtc_spec import foreign_json
from gtc_spec.errors import GtcError, UnreachableError, UsageError

Json = dict[str, Any]
"""An object as the API sends it."""

ADDRESS: Final = "https://api.digitalocean.com"
DEADLINE_S: Final = 20.0
PAGE: Final = 200
"""Objects on a page; the API allows no more."""
_PAGES_MAX: Final = 50


class Busy(GtcError):  # noqa: N818 - an outcome
    """The object cannot go yet: something that is still going holds it."""


class Api:
    """The account that a token belongs to.

    Every call raises `UnreachableError` when the API does not answer, `UsageError` when it refuses
    the token and `GtcError` when it answers something else than what was asked for.

    Args:
        token: API token. The address is DIGITALOCEAN_API_URL, as for the Terraform provider.
    """

    def __init__(self, token: str) -> None:
        self._token = token
        self._address = (os.environ.get("DIGITALOCEAN_API_URL") or ADDRESS).rstrip("/")

    def list(self, path: str, key: str, **parameters: str) -> list[Json]:
        """Every object of a list, page by page.

        Args:
            path: Such as ``kubernetes/clusters``.
            key: Under which the answer holds them.
            parameters: Of the query.
        """
        found: list[Json] = []
        for page in range(1, _PAGES_MAX + 1):
            asked = {**parameters, "per_page": str(PAGE), "page": str(page)}
            answer = self._get(path, asked)
            try:
                listed = answer[key] or []
                found += [each for each in listed if isinstance(each, dict)]
            except (KeyError, TypeError):
                raise GtcError(f"digitalocean sent no list of {_what(path)}") from None
            if len(listed) < PAGE:
                return found
        raise GtcError(f"the list of {_what(path)} does not end after {_PAGES_MAX} pages")

    def get(self, path: str, key: str) -> Json | None:
        """One object; None when there is none."""
        try:
            found = self._get(path, {}).get(key)
        except _Absent:
            return None
        if not isinstance(found, dict):
            raise GtcError(f"digitalocean sent no {key} for {path}")
        return found

    def delete(self, path: str) -> None:
        """Ask for an object's end; one that is gone is well.

        Raises:
            Busy: It has members that must go first.
        """
        try:
            self._send("DELETE", path, {})
        except _Absent:
            return

    def _get(self, path: str, parameters: Mapping[str, str]) -> Json:
        answer = self._send("GET", path, parameters)
        if not isinstance(answer, dict):
            raise GtcError(f"digitalocean sent no list of {_what(path)}")
        return answer

    def _send(self, method: str, path: str, parameters: Mapping[str, str]) -> object:
        url = f"{self._address}/v2/{path}"
        try:
            answer = httpx.request(
                method,
                url,
                params=parameters,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=DEADLINE_S,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(
                f"digitalocean does not answer at {url}: {error or type(error).__name__}",
                "check the network, then repeat",
            ) from None
        return _read(method, path, answer.status_code, answer.content)


class _Absent(GtcError):  # noqa: N818 - an outcome
    """404."""


def _read(method: str, path: str, status: int, body: bytes) -> object:
    """The document of an answer, or the error that it stands for."""
    if status in (401, 403):
        raise UsageError(
            f"digitalocean refuses the token ({status}) for {_what(path)}",
            "DIGITALOCEAN_ACCESS_TOKEN needs kubernetes, vpc, nfs and registry rights",
        )
    did = f"digitalocean answered {status} to " + ("the list of " if method == "GET" else "ending ")
    if status == 404:
        raise _Absent(f"{did}{_what(path)}")
    if status in (409, 412) and method == "DELETE":
        raise Busy(f"{did}{_what(path)}")
    if status >= 300:
        raise GtcError(f"{did}{_what(path)}")
    try:
        return foreign_json.read(body) if body else {}
    except ValueError:
        raise GtcError(f"digitalocean sent no list of {_what(path)}") from None


def _what(path: str) -> str:
    """The kind of object that a path is about: its last word that is no id."""
    words = [each for each in path.split("/") if each.replace("_", "").isalpha()]
    return words[-1] if words else path
