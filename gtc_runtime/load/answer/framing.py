"""HTTP/1.1 response framing on bytes: status line, headers, and where the body ends.

It knows three ways in which a body can end (chunked, length, close) and nothing about what is in
it. Every input is bounded; whatever is not HTTP raises `MalformedError` with a sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

HEAD_MAX = 65_536
"""Longest status line and headers, bytes."""
HEADS_KEPT = 16
"""The answers of a server begin alike, but for the date once a second."""
SIZE_LINE_MAX = 1_024
"""Longest chunk-size line or trailer line, bytes."""


class MalformedError(Exception):
    """The bytes received break the protocol; the text says where."""


def sample(data: bytes, limit: int = 80) -> str:
    """A printable piece of bytes for an error message."""
    return repr(data[:limit])[2:-1]


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers of a response.

    Attributes:
        status: HTTP status code.
        headers: Lower-cased names, values without surrounding space; the last of a name counts.
    """

    status: int
    headers: dict[bytes, bytes]
    version: bytes

    @classmethod
    @lru_cache(maxsize=HEADS_KEPT)
    def parse(cls, raw: bytes) -> Head:
        """Read everything before the empty line.

        Raises:
            MalformedError: The status line or a header is none.
        """
        lines = raw.replace(b"\r\n", b"\n").split(b"\n")
        parts = lines[0].split(b" ", 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not _is_status(parts[1]):
            raise MalformedError(f"not an http status line: {sample(lines[0])}")
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon:
                raise MalformedError(f"not an http header: {sample(line)}")
            headers[name.strip().lower()] = value.strip()
        return cls(int(parts[1]), headers, parts[0])

    @property
    def keep_alive(self) -> bool:
        """Whether the connection may carry another request after this response."""
        wanted = [each.strip() for each in self.headers.get(b"connection", b"").lower().split(b",")]
        if self.version == b"HTTP/1.0":
            return b"keep-alive" in wanted
        return b"close" not in wanted

    @property
    def fine(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    @property
    def streams_events(self) -> bool:
        """Whether the media type is that of an event stream; its letters may be of any case."""
        media_type = self.headers.get(b"content-type", b"").partition(b";")[0]
        return media_type.strip().lower() == b"text/event-stream"

    def body(self) -> ChunkedBody | PlainBody:
        """The reader of the body that these headers announce.

        Raises:
            MalformedError: The length is no number, or the encoding is unknown.
        """
        encoding = self.headers.get(b"content-encoding", b"identity").lower()
        if encoding != b"identity":
            raise MalformedError(f"content-encoding {sample(encoding)} was not asked for")
        if b"chunked" in self.headers.get(b"transfer-encoding", b"").lower():
            return ChunkedBody()
        length = self.headers.get(b"content-length")
        if length is None:
            return PlainBody(None)
        if not length.isdigit() or len(length) > 18:
            raise MalformedError(f"not a content-length: {sample(length)}")
        return PlainBody(int(length))


def _is_status(text: bytes) -> bool:
    return len(text) == 3 and text.isdigit()


class PlainBody:
    """A body of known length, or one that ends when the connection closes (length None)."""

    __slots__ = ("_left", "ended")

    between_chunks = False
    """There are none."""

    def __init__(self, length: int | None) -> None:
        self._left = length
        self.ended = length == 0

    def feed(self, data: bytes) -> bytes:
        """The part of `data` that belongs to the body."""
        if self._left is None:
            return data
        body = data[: self._left]
        self._left -= len(body)
        self.ended = self._left == 0
        return body

    def close(self) -> None:
        """The connection closed."""
        self.ended = self.ended or self._left is None


class ChunkedBody:
    """A body in HTTP/1.1 chunks; chunks, their sizes and line ends may be cut anywhere."""

    __slots__ = ("_at_trailer", "_left", "_rest", "ended")

    def __init__(self) -> None:
        self._rest = b""  # bytes of an incomplete size line or chunk end
        self._left = 0  # bytes of the current chunk that are still to come, its CRLF included
        self._at_trailer = False
        self.ended = False

    @property
    def between_chunks(self) -> bool:
        """Whether the next byte begins a chunk."""
        return not (self._left or self._rest or self._at_trailer)

    def feed(self, data: bytes) -> bytes:
        """The payload in `data`.

        Raises:
            MalformedError: A chunk size is no hexadecimal number, or a chunk has no end.
        """
        if self._rest:
            data, self._rest = self._rest + data, b""
        payload: list[bytes] = []
        at = 0
        while at < len(data) and not self.ended:
            if not self._left:
                piece, behind = _whole_chunk(data, at)
                if piece:
                    payload.append(piece)
                    at = behind
                    continue
            if self._left > 2:
                piece = data[at : at + self._left - 2]
                payload.append(piece)
                at += len(piece)
                self._left -= len(piece)
                continue
            at = self._chunk_end(data, at) if self._left else self._size_line(data, at)
            if at < 0:
                break
        return payload[0] if len(payload) == 1 else b"".join(payload)

    def close(self) -> None:
        """The connection closed: a chunked body that did not end stays unended."""

    def _chunk_end(self, data: bytes, at: int) -> int:
        """Step over the CRLF behind a chunk; -1 when it is not complete."""
        end = data[at : at + 2]
        if len(end) < 2:
            self._rest = end
            return -1
        if end != b"\r\n":
            raise MalformedError(f"no line end behind a chunk but {sample(end)}")
        self._left = 0
        return at + 2

    def _size_line(self, data: bytes, at: int) -> int:
        """Step over a size or trailer line; -1 when it is not complete."""
        end = data.find(b"\r\n", at, at + SIZE_LINE_MAX)
        if end < 0:
            if len(data) - at >= SIZE_LINE_MAX:
                raise MalformedError(f"endless chunk size: {sample(data[at:])}")
            self._rest = data[at:]
            return -1
        line = data[at:end]
        if self._at_trailer:
            self.ended = not line
            return end + 2
        digits = line.partition(b";")[0].strip()
        if not digits or len(digits) > 15 or digits.strip(b"0123456789abcdefABCDEF"):
            raise MalformedError(f"not a chunk size: {sample(line)}")
        size = int(digits, 16)
        if size:
            self._left = size + 2
        else:
            self._at_trailer = True
        return end + 2


def _whole_chunk(data: bytes, at: int) -> tuple[bytes, int]:
    """The payload of the chunk at `at` and what is behind it; empty unless all of it is there."""
    end = data.find(b"\r\n", at, at + 16)
    digits = data[at:end]
    if end < 0 or not digits.isalnum():
        return b"", at
    try:
        behind = end + 2 + int(digits, 16)
    except ValueError:
        return b"", at
    if data[behind : behind + 2] != b"\r\n":
        return b"", at
    return data[end + 2 : behind], behind + 2
