"""Counts the output tokens in the events of a streamed completion, with bytes methods.

This is the exact way, for any stream cut anywhere; `plain_frames` is the fast way for reads that
are like all others. Quotes inside JSON strings are escaped, so a search for `"content":` in a frame
finds the field and never the text. A frame in which the search finds no output, or anything beside
it, is read as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gtc_runtime.load.answer import frame as frames_as_json
from gtc_runtime.load.answer import words
from gtc_runtime.load.answer.endings import is_whole
from gtc_runtime.load.answer.event_lines import BARE, DONE, ERROR, Event, EventLines
from gtc_runtime.load.answer.framing import MalformedError, sample

ID_MAX = 200
"""How much of the id of an answer is kept, characters."""

_OUTPUT_FIELDS = (b'"content":', b'"reasoning_content":', b'"text":', b'"reasoning":')
_USAGE = b'"completion_tokens":'
_FINISH = b'"finish_reason":'


class EventStream:
    """Counts output tokens in the lines of an event stream.

    Args:
        keep_text: Keep the frames so that `text` can be asked for at the end.

    Attributes:
        frames: Frames that brought output; with running usage, also those that brought tokens
            without text.
        tokens: Output tokens: one for a frame, or what running usage in the frames says.
        running: Frames with text say how many tokens there are so far.
        reason: The finish reason; the first that is none of a whole answer, if there is one.
        reason_words: What the server adds to it.
        names_finish: Frames have the field `finish_reason`, so a whole answer will have a reason.
        done: `[DONE]` was seen; nothing of interest follows.
        error: What the server said went wrong; None if it said nothing.
        answer_id: The `id` of the answer; empty until the first frame.
    """

    __slots__ = (
        "_field",
        "_first",
        "_kept",
        "_lines",
        "_running_frame",
        "_running_tokens",
        "_usage",
        "answer_id",
        "done",
        "error",
        "frames",
        "names_finish",
        "reason",
        "reason_words",
        "running",
        "tokens",
    )

    def __init__(self, keep_text: bool = False) -> None:
        self.frames = 0
        self.tokens = 0
        self.running = False
        self.reason = ""
        self.reason_words = ""
        self.names_finish = False
        self.done = False
        self.error: str | None = None
        self.answer_id = ""
        self._first = True
        self._field = b""
        self._lines = EventLines()
        self._usage: Mapping[str, Any] = {}
        self._running_frame = b""
        self._running_tokens = 0  # by the usage of frames that were counted elsewhere
        self._kept: list[bytes] | None = [] if keep_text else None

    def feed(self, data: bytes) -> None:
        """Take in payload, cut at any byte.

        Raises:
            MalformedError: A frame is no JSON object, or a line is longer than allowed.
        """
        self._take_in(self._lines.feed(data))

    def end(self) -> None:
        """The stream is over; a last event that is whole but for its line end counts.

        Raises:
            MalformedError: As for `feed`.
        """
        self._take_in(self._lines.end())

    @property
    def finished(self) -> bool:
        """Whether the server gave a finish reason."""
        return bool(self.reason)

    @property
    def last_words(self) -> str:
        """A line that the server wrote outside of all events; empty if there was none."""
        return _printable(self._lines.stray) if self._lines.stray else ""

    @property
    def opening(self) -> bytes:
        """How the text begins in the frames of this stream, such as `"content":"`.

        Empty in the middle of an event, before the first output and when the answer is over: then
        only this parser may count.
        """
        if (
            not self._field
            or self.reason
            or self.done
            or self.error is not None
            or not self._lines.between_events
        ):
            return b""
        return self._field + b'"'

    @property
    def so_far(self) -> int:
        """Tokens by the usage that frames bring; -1 if they bring none."""
        return self.tokens if self.running else -1

    def add(self, frames: int, kept: list[bytes], tokens: int | None = None) -> None:
        """Frames were counted elsewhere.

        Args:
            frames: How many.
            kept: Their bytes, for the text.
            tokens: How many tokens they brought; one each if it is not said.
        """
        self.frames += frames
        self.tokens += frames if tokens is None else tokens
        if self.running:
            self._running_tokens = self.tokens
        if self._kept is not None:
            self._kept += kept

    def usage(self) -> dict[str, Any]:
        """Token counts of the server, the largest if there are several; empty without any."""
        if self._running_frame:
            self._take_usage(frames_as_json.read(frames_as_json.parse(self._running_frame)).usage)
            self._running_frame = b""
        usage = dict(self._usage)
        if self._running_tokens > (frames_as_json.tokens_of(usage, "completion_tokens") or 0):
            usage["completion_tokens"] = self._running_tokens
        return usage

    def text(self) -> str:
        """The answer's text, or its reasoning if that is all there is; empty without any words."""
        pairs = list(words.of(self._kept or ()))
        return "".join(text for text, _ in pairs) or "".join(thought for _, thought in pairs)

    def keep(self, data: bytes) -> None:
        """Keep frames from now on, and those of the read that has just been taken in."""
        if self._kept is None:
            self._kept = [data]

    def words_from(self, place: int) -> tuple[str, int]:
        """Text and reasoning of what was kept from a place on, and the place of what comes next.

        Args:
            place: 0, or what an earlier call said.
        """
        kept = self._kept or []
        return "".join(text or thought for text, thought in words.of(kept[place:])), len(kept)

    def _take_in(self, events: Iterable[Event]) -> None:
        for name, data in events:
            if self.done or self.error is not None:
                return
            if name == ERROR:
                self.error = _words(data)
            elif data == DONE:
                self.done = True
            elif data:
                self._frame(data, name)

    def _frame(self, frame: bytes, name: bytes) -> None:
        if frame[:1] != b"{" or frame[-1:] != b"}":
            if self.finished or name not in (b"", b"message"):
                return  # a keep-alive, or an end in words of its own
            raise MalformedError(f"a frame is no json object: {sample(frame)}")
        data = self._check_first(frame) if self._first else {}
        field = _output_field(frame)
        finish = _after(frame, _FINISH)
        plain = field and b'"choices"' in frame and b'"error"' not in frame
        if plain and name != BARE and finish in (b"", b"nu", b'""'):
            self._field = field
            self.names_finish = self.names_finish or finish == b"nu"
            if _USAGE in frame:
                self._running_frame = frame
                self._count(frame, _number_after(frame, _USAGE))
            else:
                self._count(frame)
        else:
            self._look(frame, name, data or frames_as_json.parse(frame))

    def _look(self, frame: bytes, name: bytes, data: dict[str, Any]) -> None:
        """A frame that is not like all others."""
        if not data and not self.finished:
            raise MalformedError(f"a frame is no json object: {sample(frame)}")
        said = frames_as_json.read(data)
        self.error = None if said.error is None else _printable(said.error.encode())
        if name == BARE:
            return
        self._take_usage(said.usage)
        counted = frames_as_json.tokens_of(said.usage, "completion_tokens")
        if said.output or (self.running and self.frames and (counted or 0) > self.tokens):
            self._count(frame, counted if self.running or not said.reason else None)
        self.names_finish = self.names_finish or said.names_finish
        if said.reason and (not self.reason or is_whole(self.reason)):
            self.reason, self.reason_words = said.reason, said.words

    def _count(self, frame: bytes, running: int | None = None) -> None:
        """A frame brought output; a server that counts along says how many tokens it makes."""
        self.frames += 1
        if running is None:
            self.tokens += 1
        else:
            self.running = self.running or running > 0
            self.tokens = max(self.tokens + 1, running)
        if self._kept is not None:
            self._kept.append(frame)

    def _take_usage(self, usage: Mapping[str, Any]) -> None:
        counted, before = (
            frames_as_json.tokens_of(each, "completion_tokens") for each in (usage, self._usage)
        )
        if usage and (counted or 0) >= (before or 0):
            self._usage = usage

    def _check_first(self, frame: bytes) -> dict[str, Any]:
        self._first = False
        data = frames_as_json.parse(frame)
        answer_id = data.get("id")
        self.answer_id = answer_id[:ID_MAX] if isinstance(answer_id, str) else ""
        if not data:
            raise MalformedError(f"the first frame is no json object: {sample(frame)}")
        return data


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
    """The whole number behind a field that the frame has; None if there is none."""
    digits = frame.partition(field)[2].lstrip(b" ")[:9]
    count = len(digits) - len(digits.lstrip(b"0123456789"))
    return int(digits[:count]) if count else None


def _words(data: bytes) -> str:
    """What an error event says; it need not be JSON."""
    found = frames_as_json.parse(data)
    said = frames_as_json.words_of(found.get("error") or found).encode() if found else data
    return _printable(said)


def _printable(text: bytes) -> str:
    return sample(text.strip(), 200) or "error without a message"
