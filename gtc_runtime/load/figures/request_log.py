"""Finished requests on disk, one JSON object a line, in two files that never grow past a bound.

The engine hands over a record when a request has ended and goes on; a thread makes the lines and
writes them once a second. A disk that is full or slow costs the log and never the load.
Times are seconds of CLOCK_MONOTONIC, as in `RequestRecord`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from pathlib import Path
from typing import Any

from gtc_runtime.load.records import RequestRecord
from gtc_spec import foreign_json

FILE_BYTES_MAX = 64 * 2**20
"""Two files of this size hold the newest 300,000 requests or more."""
UNWRITTEN_MAX = 50_000
"""Records that may wait for the disk; the oldest are lost beyond that."""
WRITE_S = 1.0
_FIELDS = (
    *("key", "workload", "turn", "conversation", "due_s", "send_s", "first_s", "last_s"),
    *("prompt_tokens", "max_tokens", "tokens", "first_tokens", "counted_by", "itl_basis"),
    *("outcome", "detail"),
)

log = logging.getLogger(__name__)


def path_of(folder: Path, shard: int) -> Path:
    """The file that a shard writes; what does not fit any more stands in `older`."""
    return folder / f"requests-{shard}.ndjson"


def older(path: Path) -> Path:
    """Where the requests before those in `path` are, if there are any."""
    return path.with_suffix(".1.ndjson")


class RequestLog:
    """Collects records at once and writes them later.

    Args:
        path: The file to append to; its folder is made.
        secret: Text that must not reach the disk, should a server repeat it; empty for none.
        bytes_max: Size at which the file becomes the older one, replacing the one before.
    """

    def __init__(self, path: Path, secret: str = "", bytes_max: int = FILE_BYTES_MAX) -> None:
        self._path, self._secret, self._bytes_max = path, secret, bytes_max
        self._unwritten: deque[RequestRecord] = deque(maxlen=UNWRITTEN_MAX)
        self._broken = False

    def add(self, record: RequestRecord) -> None:
        """Keep a request that has ended for the next write."""
        self._unwritten.append(record)

    async def keep_writing(self) -> None:
        """Write once a second until cancelled, then what is left."""
        try:
            while True:
                await asyncio.sleep(WRITE_S)
                await asyncio.to_thread(self.write)
        finally:
            self.write()

    def write(self) -> None:
        """Write what has been added. A disk that refuses ends the log with one line of warning."""
        records = [self._unwritten.popleft() for _ in range(len(self._unwritten))]
        if not records or self._broken:
            return
        try:
            self._append([self._line(record) for record in records])
        except OSError as error:
            self._broken = True
            log.warning("no more requests are logged: cannot write %s: %s", self._path, error)

    def _append(self, lines: list[bytes]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        size = self._path.stat().st_size if self._path.exists() else 0
        part: list[bytes] = []
        for line in lines:
            if size + len(line) > self._bytes_max and size:
                self._flush(part)
                self._path.replace(older(self._path))
                part, size = [], 0
            part.append(line)
            size += len(line)
        self._flush(part)

    def _flush(self, part: list[bytes]) -> None:
        with self._path.open("ab") as file:
            file.write(b"".join(part))

    def _line(self, record: RequestRecord) -> bytes:
        plain = _plain(record)
        if self._secret:
            plain["detail"] = record.detail.replace(self._secret, "***")
        return json.dumps(plain, separators=(",", ":")).encode() + b"\n"


def read(path: Path) -> list[dict[str, Any]]:
    """The requests that a log holds, oldest first; a line that was cut is left out.

    Raises:
        OSError: A file cannot be read.
    """
    found: list[dict[str, Any]] = []
    for each in (older(path), path):
        for line in each.read_bytes().splitlines() if each.exists() else ():
            try:
                found.append(foreign_json.read(line))
            except ValueError:
                continue
    return found


def _plain(record: RequestRecord) -> dict[str, Any]:
    plain = {name: getattr(record, name) for name in _FIELDS}
    for name in ("due_s", "send_s", "first_s", "last_s"):
        if plain[name] is not None:
            plain[name] = round(plain[name], 6)
    return plain
