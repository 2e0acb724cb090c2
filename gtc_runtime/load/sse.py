"""Server-sent events of a streamed completion, counted with bytes methods.

This is the exact way, for any stream cut anywhere; `plain_frames` is the fast way for reads that
are like all others. Quotes inside JSON strings are escaped, so a search for `"content":` in a frame
finds the field and never the text. JSON is read for the first frame (is it ours?), for errors and,
once the stream is over, for usage and the kept text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from gtc_runtime.load.framing import MalformedError, sample

LINE_MAX = 2**20
"""Longest line of a stream, bytes."""
ID_MAX = 200
"""How much of the id of an answer is kept, characters."""

_OUTPUT_FIELDS = (b'"content":', b'"reasoning_content":', b'"text":', b'"reasoning":')
_UNNAMED_ERROR = "error event"
_USAGE = b'"completion_tokens":'


class EventStream:
    """Counts output tokens in the lines of an event stream.

    Args:
        keep_text: Keep the frames so that `text` can be asked for at the end.

    Attributes:
        frames: Frames that brought output.
        tokens: Output tokens: one for a frame, or what running usage in the frames says.
        finished: A `finish_reason` was seen.
        done: `[DONE]` was seen; nothing of interest follows.
        error: What the server said went wrong; None if it said nothing.
        answer_id: The `id` of the answer; empty until the first frame.
    """

    __slots__ = (
        "_field",
        "_first",
        "_kept",
        "_last_usage",
        "_tail",
        "answer_id",
        "done",
        "error",
        "finished",
        "frames",
        "tokens",
    )

    def __init__(self, keep_text: bool = False) -> None:
        self.frames = 0
        self.tokens = 0
        self.finished = False
        self.done = False
        self.error: str | None = None
        self.answer_id = ""
        self._first = True
        self._field = b""
        self._tail = b""
        self._last_usage = b""
        self._kept: list[bytes] | None = [] if keep_text else None

    def feed(self, data: bytes) -> None:
        """Take in payload, cut at any byte.

        Raises:
            MalformedError: A frame is no JSON object, or a line is longer than LINE_MAX.
        """
        if self._tail:
            data = self._tail + data
        end = data.rfind(b"\n")
        self._tail = data[end + 1 :]
        if len(self._tail) > LINE_MAX:
            raise MalformedError(f"a line is longer than {LINE_MAX} bytes: {sample(self._tail)}")
        if end < 0:
            return
        for line in data[:end].split(b"\n"):
            if not line:
                continue
            if line.startswith(b"data:"):
                self._data(line[5:].strip())
            elif line.startswith(b"event:") and line[6:].strip() == b"error":
                self.error = self.error or _UNNAMED_ERROR
            elif self.error is not None and line.startswith(b":"):
                self._name_error(line[1:])

    @property
    def opening(self) -> bytes:
        """How the text begins in the frames of this stream, such as `"content":"`.

        Empty while a line is incomplete, before the first output and whenever frames may bring more
        than one token: then only this parser may count.
        """
        if not self._field or self._tail or self._last_usage or self.done or self.error is not None:
            return b""
        return self._field + b'"'

    @property
    def keeps_text(self) -> bool:
        """Whether `text` will be asked for."""
        return self._kept is not None

    def add(self, frames: int, kept: list[bytes]) -> None:
        """Frames of one token each were counted elsewhere; `kept` is their bytes, for the text."""
        self.frames += frames
        self.tokens += frames
        if self._kept is not None:
            self._kept += kept

    def usage(self) -> dict[str, Any]:
        """Token counts of the server; empty when it sent none."""
        if not self._last_usage:
            return {}
        usage = _object(self._last_usage).get("usage")
        return usage if isinstance(usage, dict) else {}

    def text(self) -> str:
        """The answer's text; frames that cannot be read are left out."""
        pieces = []
        for frame in _frames(self._kept or ()):
            choices = _object(frame).get("choices")
            choice = choices[0] if isinstance(choices, list) and choices else {}
            delta = choice.get("delta") if isinstance(choice, dict) else None
            content = delta.get("content") if isinstance(delta, dict) else None
            pieces.append(content if isinstance(content, str) else "")
        return "".join(pieces)

    def _data(self, frame: bytes) -> None:
        if frame == b"[DONE]":
            self.done = True
        elif self.error is not None:
            self._name_error(frame)
        elif frame:
            self._frame(frame)

    def _name_error(self, text: bytes) -> None:
        """What an error event says comes as a comment or as data that need not be JSON."""
        if self.error == _UNNAMED_ERROR:
            self.error = _printable(text)

    def _frame(self, frame: bytes) -> None:
        if frame[:1] != b"{" or frame[-1:] != b"}":
            raise MalformedError(f"a frame is no json object: {sample(frame)}")
        if self._first:
            self._check_first(frame)
        if b'"error"' in frame:
            self._read_error(frame)
        counted = _USAGE in frame
        if field := _output_field(frame):
            self._field = field
            self._count(frame, _number_after(frame, _USAGE) if counted else None)
        if counted:
            self._last_usage = frame
        if _after(frame, b'"finish_reason":')[:1] == b'"':
            self.finished = True

    def _count(self, frame: bytes, running: int | None = None) -> None:
        """A frame brought output; a server that counts along says how many tokens it makes."""
        self.frames += 1
        self.tokens = self.tokens + 1 if running is None else max(self.tokens + 1, running)
        if self._kept is not None:
            self._kept.append(frame)

    def _check_first(self, frame: bytes) -> None:
        self._first = False
        data = _object(frame)
        answer_id = data.get("id")
        self.answer_id = answer_id[:ID_MAX] if isinstance(answer_id, str) else ""
        if not data:
            raise MalformedError(f"the first frame is no json object: {sample(frame)}")

    def _read_error(self, frame: bytes) -> None:
        error = _object(frame).get("error")
        if error:
            message = error.get("message", error) if isinstance(error, dict) else error
            self.error = _printable(str(message).encode())


def _frames(kept: Iterable[bytes]) -> Iterator[bytes]:
    """The frames in what was kept: frames, or reads with everything around the frames."""
    for piece in kept:
        if piece[:1] == b"{":
            yield piece
        else:
            yield from (line[5:] for line in piece.split(b"\n") if line.startswith(b"data:"))


def _output_field(frame: bytes) -> bytes:
    """The field that brings text in a frame, a string that is not empty; empty if there is none."""
    for field in _OUTPUT_FIELDS:
        following = _after(frame, field)
        if following[:1] == b'"' and following != b'""':
            return field
    return b""


def _after(frame: bytes, field: bytes) -> bytes:
    """The two bytes that follow a field's colon, a space skipped; empty if it is absent."""
    at = frame.find(field)
    if at < 0:
        return b""
    at += len(field)
    if frame[at : at + 1] == b" ":
        at += 1
    return frame[at : at + 2]


def _number_after(frame: bytes, field: bytes) -> int | None:
    """The whole number behind a field; None if there is none."""
    at = frame.find(field)
    if at < 0:
        return None
    digits = frame[at + len(field) :].lstrip(b" ")[:9]
    count = len(digits) - len(digits.lstrip(b"0123456789"))
    return int(digits[:count]) if count else None


def _object(frame: bytes) -> dict[str, Any]:
    """The frame as an object; empty when it is none."""
    try:
        data = json.loads(frame)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _printable(text: bytes) -> str:
    return sample(text.strip(), 200) or "error without a message"
