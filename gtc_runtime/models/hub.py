"""HuggingFace as a source of checkpoints: which files at which commit, and their bytes.

Plain HTTP: the hub's own transfer protocol is faster, but it buffers without a bound. This module
must not know where the files go.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import httpx
from huggingface_hub import HfApi, constants, hf_hub_download, set_client_factory
from huggingface_hub.errors import (
    EntryNotFoundError,
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from gtc_runtime.copies.crew import PAUSES_S, one_try
from gtc_runtime.copies.store import READ_BYTES
from gtc_spec.errors import GtcError, UnreachableError
from gtc_spec.hub_to_share.hub import is_served


class _Client(httpx.Client):
    """All threads share it, and the library closes it when one of them finds no connection."""

    def close(self) -> None:
        """Stay open for the others."""


set_client_factory(functools.partial(_Client, follow_redirects=True))
constants.DOWNLOAD_CHUNK_SIZE = READ_BYTES  # 10 MB otherwise, several times over for each worker

ANSWER_S: Final = 20.0
"""Longest silence before an answer begins."""


@dataclass(frozen=True)
class RemoteFile:
    """A file as the hub lists it.

    Attributes:
        sha256: Digest of a large file; empty for a small one.
        git_sha1: Digest of a small file as git computes it; empty for a large one.
    """

    name: str
    size_bytes: int
    sha256: str
    git_sha1: str


@dataclass(frozen=True)
class Listing:
    """A repository at one commit."""

    commit: str
    files: tuple[RemoteFile, ...]


class Hub:
    """The hub that HF_ENDPOINT names.

    Args:
        repository: Owner and name.
        token: Access token; empty for none.
    """

    def __init__(self, repository: str, token: str) -> None:
        self.repository = repository
        self._token = token
        self._endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
        self._api = HfApi(endpoint=self._endpoint, token=token or False)

    def listing(self, revision: str) -> Listing:
        """The files of a branch, tag or commit.

        Raises:
            GtcError: No such repository or revision, a gated model, or a wrong token.
            UnreachableError: The hub does not answer.
        """
        act = functools.partial(
            self._api.model_info,
            self.repository,
            revision=revision,
            files_metadata=True,
            timeout=ANSWER_S,
        )
        info = self._patiently(revision, act)
        files = tuple(_remote(each) for each in info.siblings or () if is_served(each.rfilename))
        if not files or not info.sha:
            raise GtcError(f"{self.repository} has no files at {revision}", "check the name")
        return Listing(info.sha, files)

    def fetch(self, name: str, commit: str, folder: Path, moved: Callable[[int], None]) -> None:
        """Bring one file into a folder, under its name in the repository.

        Args:
            name: Name in the repository.
            commit: Which commit.
            folder: Where to; nothing of that name may be there.
            moved: Gets the bytes of every piece, and takes back those of a try that failed; may
                raise to stop.

        Raises:
            GtcError: As `listing`, or the file is not there.
            UnreachableError: The hub does not answer, or its answer ends early.
        """

        def act() -> None:
            with one_try(moved) as counted:
                self._download(name, commit, folder, counted)

        self._patiently(commit, act)

    def _download(self, name: str, commit: str, folder: Path, moved: Callable[[int], None]) -> None:
        try:
            hf_hub_download(
                self.repository,
                name,
                revision=commit,
                local_dir=folder,
                cache_dir=folder,  # what others left in the user's cache is none of ours
                token=self._token or False,
                endpoint=self._endpoint,
                tqdm_class=_reporting(moved),
                etag_timeout=ANSWER_S,
                force_download=True,  # else a silent hub is waited for six times 60 s more
            )
        except ValueError as error:  # what ended the first request is its cause
            raise error.__cause__ or error from None

    def _patiently(self, revision: str, act: Callable[[], Any]) -> Any:
        for pause_s in PAUSES_S:
            with contextlib.suppress(UnreachableError), self._explained(revision):
                return act()
            time.sleep(pause_s)
        with self._explained(revision):
            return act()

    @contextlib.contextmanager
    def _explained(self, revision: str) -> Iterator[None]:
        try:
            yield
        except HfHubHTTPError as error:
            raise self._refusal(revision, error) from error
        except HFValidationError:
            raise GtcError(
                f"not the name of a repository: {self.repository!r}, allowed: owner/name"
            ) from None
        except (FileMetadataError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise UnreachableError(
                f"{self._endpoint} does not answer: {type(error).__name__}",
                "check the network and HF_ENDPOINT, then repeat: what is there already is kept",
            ) from error
        except OSError as error:
            if error.errno is None:  # what arrived is shorter than announced
                raise UnreachableError(f"{self._endpoint} broke off in a file", "repeat") from error
            raise GtcError(
                f"cannot keep what arrives: {error.strerror}", "look at --scratch"
            ) from error

    def _refusal(self, revision: str, error: HfHubHTTPError) -> GtcError:
        status, name = error.response.status_code, self.repository
        page = f"{self._endpoint}/{name}"
        if isinstance(error, GatedRepoError) and self._token:
            return GtcError(
                f"{name} is gated and the account of HF_TOKEN has no access",
                f"accept its licence at {page}, wait for the grant, then repeat",
            )
        if isinstance(error, GatedRepoError):
            return GtcError(
                f"{name} is gated and HF_TOKEN is empty",
                f"accept its licence at {page} and set HF_TOKEN",
            )
        if isinstance(error, RevisionNotFoundError):
            return GtcError(f"{name} has no revision {revision}", f"see {page}/commits/main")
        if isinstance(error, EntryNotFoundError):
            return GtcError(
                f"a file of {name} is gone at {revision}", "gtc model sync upload --force"
            )
        if isinstance(error, RepositoryNotFoundError):
            return GtcError(
                f"{page} does not exist, or HF_TOKEN may not see it", "check the name of the model"
            )
        if status in (401, 403):
            return GtcError(
                f"{self._endpoint} refuses HF_TOKEN ({status})",
                f"make a new read token at {self._endpoint}/settings/tokens; "
                "a fine-grained one needs access to gated repositories",
            )
        if status == 429 or status >= 500:
            return UnreachableError(f"{self._endpoint} answered {status}", "repeat later")
        return GtcError(f"{self._endpoint} answered {status} for {name} at {revision}")


def _reporting(moved: Callable[[int], None]) -> Any:
    """What the hub's library takes for a progress bar of one file."""

    class Bar(contextlib.nullcontext["Bar"]):
        def __init__(self, **_: object) -> None:
            super().__init__(self)

        def update(self, n_bytes: int) -> None:
            moved(n_bytes)

    return Bar


def git_sha1(content: bytes) -> str:
    """Digest of a small file as git computes it."""
    head = f"blob {len(content)}\0".encode()
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()


def _remote(sibling: Any) -> RemoteFile:
    if sibling.lfs is not None:
        return RemoteFile(sibling.rfilename, sibling.lfs.size, sibling.lfs.sha256, "")
    return RemoteFile(sibling.rfilename, sibling.size or 0, "", sibling.blob_id or "")
