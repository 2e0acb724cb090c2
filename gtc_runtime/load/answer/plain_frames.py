"""The fast way to count: a read that holds nothing but ordinary token frames.

Nearly every read of a stream is one or more whole HTTP chunks, each of whole events, each of one
line that brings text and nothing else. For those a few searches replace HTTP and event parser, and
for a frame that is like the one before but for its text, three comparisons replace the searches.
The native core has a twin of it, `native/frames.c`.
The answer is 0 for anything that is not *surely* like that, and the parser then takes the same
bytes: this file may be incomplete, but never wrong. Quotes inside JSON strings are escaped, so a
search for `"content":"` finds the field and never text that looks like it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from gtc_runtime.load import native

if TYPE_CHECKING:  # the native core may not have been built
    from gtc_runtime.load.native import _core

    Recogniser: TypeAlias = "PlainFrames | _core.PlainFrames"

END = b"\n\n\r\n"
"""An event and the HTTP chunk around it are over."""
_BEGIN = b"data: {"
_NEEDS = (b'"choices"', b'"finish_reason":null')
_ODD = (b"\n", b"\r", b'"error"', b'"errors"', b'"message"', b'"detail"')
_FINISH = b'"finish_reason"'
_USAGE = b'"completion_tokens"'
_COUNTED = re.compile(_USAGE + rb":(\d{1,9})(?!\d)").search
_ONE_CHUNK_MAX = 2_048
_SIZE_MAX = 8
_HEX = b"0123456789abcdefABCDEF"
_NEVER = b"-"
"""No event ends like this."""


def _heads() -> tuple[bytes, ...]:
    """For each length of a read: how it begins if it is one whole chunk that holds an event."""
    heads = [b"?"] * _ONE_CHUNK_MAX
    for payload in range(1, _ONE_CHUNK_MAX):
        digits = b"%x" % payload
        length = len(digits) + 2 + payload + 2
        if length < _ONE_CHUNK_MAX:
            heads[length] = digits + b"\r\n" + _BEGIN
    return tuple(heads)


_HEADS = _heads()


def plain_frames(opening: bytes, running: int = -1) -> Recogniser:
    """Who counts the plain reads of a stream: the native core where there is one."""
    core = native.core()
    return PlainFrames(opening, running) if core is None else core.PlainFrames(opening, running)


class PlainFrames:
    """Counts the plain reads of one stream.

    Args:
        opening: See below.
        running: See below.

    Attributes:
        opening: The field that brings text in this stream, such as `"content":"`.
        running: Tokens so far by the usage that each frame brings; -1 if frames bring none.
        frames: How many the last read was that was plain.
    """

    __slots__ = ("_after", "_before", "frames", "opening", "running")

    def __init__(self, opening: bytes, running: int = -1) -> None:
        self.opening = opening
        self.running = running
        self.frames = 0
        self._before = b""
        self._after = _NEVER

    def tokens(self, data: bytes) -> int:
        """How many tokens a read brings; 0 if it may be anything but plain frames.

        Args:
            data: A read that began at the border of a chunk and of an event.
        """
        size = len(data)
        if size < _ONE_CHUNK_MAX and data.startswith(head := _HEADS[size]):
            before, after = self._before, self._after
            text, end = len(head) + len(before), size - len(after)
            if (
                text < end
                and data.startswith(before, len(head))
                and data.endswith(after)
                and data.find(b'"', text, end) < 0
                and data.find(b"\n", text, end) < 0
                and data.find(b"\r", text, end) < 0
            ):
                self.frames = 1
                return 1
        return self._search(data)

    def _search(self, data: bytes) -> int:
        """Look at each frame of a read."""
        before, frames, tokens = self.running, 0, 0
        for line in _lines(data):
            brought = self._line(line)
            if not brought:
                self.running = before
                return 0
            frames += 1
            tokens += brought
        self.frames = frames
        return tokens

    def _line(self, line: bytes) -> int:
        """How many tokens a line brings, 0 if it is not plain; how it looks is learnt."""
        text = line.find(self.opening) + len(self.opening)
        end = line.find(b'"', text)
        plain = (
            len(self.opening) < text < end
            and line.startswith(_BEGIN)
            and line.endswith(b"}")
            and line.count(self.opening[:-1]) == line.count(_FINISH) == 1
            and all(each in line for each in _NEEDS)
            and not any(each in line for each in _ODD)
        )
        if not plain:
            return 0
        if self.running >= 0:
            return self._running(line, text)
        if _USAGE in line:
            return 0
        self._before, self._after = line[len(_BEGIN) : text], line[end:] + END
        return 1

    def _running(self, line: bytes, text: int) -> int:
        """How many tokens the usage of a plain line adds to those before it."""
        found = _COUNTED(line, text)
        tokens = int(found[1]) - self.running if found else 0
        if tokens <= 0 or line.count(_USAGE) != 1:
            return 0
        self.running += tokens
        return tokens


def _lines(data: bytes) -> list[bytes]:
    """The lines of whole chunks of whole events, one each; an odd one if that is not all."""
    lines: list[bytes] = []
    at = 0
    while at < len(data):
        end = data.find(b"\r\n", at, at + _SIZE_MAX)
        digits = data[at:end]
        if end < 0 or not digits.isalnum() or digits.strip(_HEX):
            return [b""]
        begin = end + 2
        at = begin + int(digits, 16) + 2
        if at > len(data) or data[at - 4 : at] != END:
            return [b""]
        lines += data[begin : at - 4].split(b"\n\n")
    return lines
