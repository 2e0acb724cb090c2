"""The hub: which files at which commit, and their bytes, asked for with patience.

It must not know where the bytes go.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

from gtc_spec.hub_to_share.errors import RefusedError, UnreachableError, WrongBytesError, say, why

PAUSE_MAX_S: Final = 60.0
LEFT_OUT: Final = ("original/",)
"""A second copy of the weights in another format: twice the size, and no engine here loads it."""
_NAME: Final = re.compile(r"\w[\w.+ -]*(/\w[\w.+ -]*)*", re.ASCII)
"""No part begins with a dot: such names are ours, and ``..`` would leave the folder."""
_TRANSIENT: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_DENIED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True)
class File:
    """A file as the hub lists it: large ones have a sha256, small ones the digest of git."""

    name: str
    size: int
    sha256: str
    git_sha1: str

    @property
    def digest(self) -> str:
        """The one that the hub knows."""
        return self.sha256 or self.git_sha1

    def hasher(self) -> Any:
        """What makes it, before the first byte."""
        if self.sha256:
            return hashlib.sha256()
        return hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to other hosts without the token, which is none of their business."""

    def redirect_request(self, req: Any, *rest: Any) -> urllib.request.Request | None:
        then = super().redirect_request(req, *rest)
        if then is not None and then.host != req.host:
            then.remove_header("Authorization")
        return then


class Hub:
    """One repository of a hub; the token comes from ``HF_TOKEN``."""

    def __init__(self, choices: argparse.Namespace) -> None:
        self._endpoint, self._repository = choices.endpoint.rstrip("/"), choices.repository
        self._token, self._silence_s = os.environ.get("HF_TOKEN", "").strip(), choices.silence_s
        self._tries, self._pause_s = choices.tries, choices.pause_s
        self._opener = urllib.request.build_opener(_Redirects)

    def listing(self, revision: str) -> tuple[str, list[File]]:
        """The commit behind a revision, and its files.

        Raises:
            RefusedError: There is no such thing, or it may not be seen.
            UnreachableError: The hub does not answer.
        """
        failures = 0
        while True:
            try:
                found = self._ask_listing(revision)
                break
            except UnreachableError as error:
                failures += 1
                self.pause(failures, error, time.sleep)
        files = [_file(each) for each in found["siblings"] if is_served(each["rfilename"])]
        if not files:
            raise RefusedError(f"{self._repository} has no files at {revision}")
        return str(found["sha"]), files

    def _ask_listing(self, revision: str) -> Any:
        asked = f"/api/models/{self._repository}/revision/{quote(revision, safe='')}?blobs=true"
        with self._open(asked) as answer:
            try:
                return json.load(answer)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise UnreachableError(f"the list of files broke off: {why(error)}") from None

    def stream(self, file: File, commit: str, start: int) -> Any:
        """An answer with the bytes of a file from one on.

        Raises:
            RefusedError: It is not there, or may not be read.
            UnreachableError: The hub does not answer.
            WrongBytesError: The file ends before.
        """
        return self._open(f"/{self._repository}/resolve/{commit}/{quote(file.name)}", start)

    def _open(self, path: str, start: int = 0) -> Any:
        request = urllib.request.Request(self._endpoint + path)  # noqa: S310 - a person chose it
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        if start:
            request.add_header("Range", f"bytes={start}-")
        try:
            return self._opener.open(request, timeout=self._silence_s)
        except urllib.error.HTTPError as error:
            with error:
                raise self._explained(error) from None
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(f"{self._endpoint} does not answer: {why(error)}") from None

    def _explained(self, error: urllib.error.HTTPError) -> Exception:
        code, host = error.code, urlsplit(error.url or "").netloc
        if code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return WrongBytesError()
        # a link to the store behind a hub ages; asked again, the hub makes a new one
        aged = code in _DENIED and host != urlsplit(self._endpoint).netloc
        if aged or code in _TRANSIENT or code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wanted = error.headers.get("Retry-After", "")
            return UnreachableError(
                f"{host} answered {code}", float(wanted) if wanted.isdigit() else 0.0
            )
        return RefusedError(self._refusal(code, error.headers.get("X-Error-Code", "")))

    def _refusal(self, code: int, said: str) -> str:
        name, page = self._repository, f"{self._endpoint}/{self._repository}"
        if said == "GatedRepo" and self._token:
            return f"{name} is gated and the token's account has no access: ask for it at {page}"
        if said == "GatedRepo":
            return f"{name} is gated: accept its licence at {page} and give the download a token"
        if said == "RevisionNotFound":
            return f"{name} has no such revision: see {page}/commits/main"
        if said == "RepoNotFound":
            return (
                f"{page} does not exist, or {'the' if self._token else 'no'} token may not see it"
            )
        if code in _DENIED:
            made = f"make a new one at {self._endpoint}/settings/tokens"
            return f"{self._endpoint} refuses the token ({code}): {made}"
        return f"{self._endpoint} answered {code} for a file of {name}"

    def pause(
        self, failures: int, error: UnreachableError, sleep: Callable[[float], object]
    ) -> None:
        """Wait, longer after each failure that follows another; the last one is raised."""
        if failures >= self._tries:
            raise error
        pause_s = min(max(self._pause_s * 2 ** (failures - 1), error.pause_s), PAUSE_MAX_S)
        say(f"{error}; again in {pause_s:.0f} s")
        sleep(pause_s)


def is_served(name: str) -> bool:
    """Whether a file of a repository is brought at all."""
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and not name.startswith(LEFT_OUT)


def _file(listed: Any) -> File:
    name = listed["rfilename"]
    if not _NAME.fullmatch(name):
        raise RefusedError(f"the hub lists {name!r}, which is no plain relative path")
    large = listed.get("lfs")
    if large:
        return File(name, large["size"], large["sha256"], "")
    return File(name, listed["size"], "", listed["blobId"])
