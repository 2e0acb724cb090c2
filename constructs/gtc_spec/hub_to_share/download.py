"""Several files at a time from the hub to the share; the first failure ends all others.

It must not know how either of them works.
"""

from __future__ import annotations

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from gtc_spec.hub_to_share.errors import (
    RefusedError,
    UnreachableError,
    WrongBytesError,
    gigabytes,
    say,
    why,
)
from gtc_spec.hub_to_share.hub import File, Hub
from gtc_spec.hub_to_share.share import PIECE_BYTES, Part, Share, size_of

FILES_AT_ONCE: Final = 4
TOLD_EVERY_S: Final = 10.0


class Progress:
    """One line every ten seconds."""

    def __init__(self, total: int) -> None:
        self._total, self._there, self._came = total, 0, 0
        self._guard = threading.Lock()
        self._begun = self._told = time.monotonic()

    def found(self, size: int) -> None:
        """Bytes that are there already, or negative: that have to come again."""
        with self._guard:
            self._there += size

    def came(self, size: int) -> None:
        """Bytes that came now."""
        with self._guard:
            self._there, self._came, now = self._there + size, self._came + size, time.monotonic()
            if now - self._told < TOLD_EVERY_S:
                return
            self._told, rate = now, self._came / (now - self._begun)
            left_s = (self._total - self._there) / rate
            done = f"{gigabytes(self._there)} of {gigabytes(self._total)}"
            say(f"{done}, {rate / 1e6:.0f} MB/s, {left_s:.0f} s left")


class Download:
    """One checkpoint at one commit."""

    def __init__(self, hub: Hub, share: Share, commit: str, files: list[File]) -> None:
        self._hub, self._share, self._commit, self._files = hub, share, commit, files
        self._progress = Progress(sum(each.size for each in files))
        self._failed = threading.Event()

    def run(self) -> None:
        """Bring every file.

        Raises:
            RefusedError: What no repetition mends.
            UnreachableError: The hub was asked often enough.
            OSError: The share does not take it.
        """
        with ThreadPoolExecutor(FILES_AT_ONCE) as crew:
            for each in [crew.submit(self._unless_failed, file) for file in self._files]:
                each.result()

    def _unless_failed(self, file: File) -> None:
        try:
            if not self._failed.is_set():
                self._bring(file)
        except BaseException:
            self._failed.set()
            raise

    def _bring(self, file: File) -> None:
        """Bring one file, twice if its bytes are wrong the first time."""
        if self._share.has(file):
            self._progress.found(file.size)
            return
        path = self._share.part(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            if self._receive(file) or self._failed.is_set():
                return
            self._progress.found(-size_of(path))
            path.unlink()
        raise RefusedError(f"{file.name} has other bytes than the hub lists, twice")

    def _receive(self, file: File) -> bool:
        """Bring what is missing, in as many answers as it takes; whether the bytes are right."""
        path, failures = self._share.part(file), 0
        path.touch()
        with path.open("r+b", buffering=0) as out:
            part = Part(file, out)
            self._progress.found(part.have)
            while part.left and not self._failed.is_set():
                before = part.have
                try:
                    self._take(file, part)
                except UnreachableError as error:
                    failures = 1 if part.have > before else failures + 1
                    self._hub.pause(failures, error, self._failed.wait)
                except WrongBytesError:
                    return False
            part.sync()
        if part.is_right:
            self._share.place(file)
        return part.is_right

    def _take(self, file: File, part: Part) -> None:
        """Write one answer, which may end early."""
        with self._hub.stream(file, self._commit, part.have) as answer:
            if part.have and answer.status != http.HTTPStatus.PARTIAL_CONTENT:
                self._progress.found(-part.have)
                part.restart()
            while part.left and not self._failed.is_set():
                try:
                    piece = answer.read(min(PIECE_BYTES, part.left))
                except (OSError, http.client.HTTPException) as error:
                    raise UnreachableError(f"{file.name} broke off: {why(error)}") from None
                if not piece:
                    raise UnreachableError(f"{file.name} broke off")
                part.write(piece)
                self._progress.came(len(piece))
