"""Cuts an event stream into its events, as the HTML standard has them.

Lines end with LF, CR or CRLF; the data of an event may stand on several lines; an empty line ends
it. Three liberties are taken because servers take them: an event that is a whole JSON object, or
`[DONE]`, is not kept waiting for the empty line; `error: ...` and a bare JSON object on a line of
its own are handed on, though the standard would drop them. It must not know completions.
"""

from __future__ import annotations

import json

from gtc_runtime.load.answer.framing import MalformedError, sample

LINE_MAX = 2**20
"""Longest line, and longest data of an event, bytes."""
DONE = b"[DONE]"
ERROR = b"error"
"""Name of an event that says what went wrong."""
BARE = b"bare"
"""Given as the name of a JSON object on a line without a field."""
_BOM = b"\xef\xbb\xbf"

Event = tuple[bytes, bytes]
"""Name, empty for most, and data."""


class EventLines:
    """Takes bytes cut anywhere and gives events.

    Attributes:
        stray: The latest line that belongs to no event: a last word of a server, perhaps.
    """

    __slots__ = ("_after_cr", "_began", "_comment", "_data", "_name", "_tail", "stray")

    def __init__(self) -> None:
        self.stray = b""
        self._began = self._after_cr = False
        self._tail = self._name = self._comment = b""
        self._data: bytes | None = None

    @property
    def between_events(self) -> bool:
        """Whether the next byte begins an event."""
        return not self._tail and self._data is None and not self._name

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes.

        Raises:
            MalformedError: A line or an event is longer than LINE_MAX.
        """
        if b"\r" in data or self._after_cr:
            data = self._only_lf(data)
        if self._tail:
            data = self._tail + data
        end = data.rfind(b"\n")
        self._tail = data[end + 1 :]
        if len(self._tail) > LINE_MAX:
            raise MalformedError(f"a line is longer than {LINE_MAX} bytes: {sample(self._tail)}")
        if end < 0:
            return []
        if not self._began:
            self._began = True
            data = data.removeprefix(_BOM)
            end = len(data) - len(self._tail) - 1
        events: list[Event] = []
        for line in data[:end].split(b"\n"):
            if not line:
                self._dispatch(events)
            elif line.startswith(b"data:"):
                self._take(line[5:].strip(), events)
            else:
                self._other(line, events)
        if self._data is not None and not self._name and _is_object(self._data):
            self._dispatch(events)
        return events

    def end(self) -> list[Event]:
        """The stream is over: what is whole in spite of a missing line end."""
        events: list[Event] = []
        tail = self._tail.removeprefix(_BOM if not self._began else b"")
        self._tail = b""
        if tail.startswith(b"data:"):
            self._take(tail[5:].strip(), events)
        elif tail:
            self._other(tail, events)
        if self._name == ERROR or (self._data is not None and _is_object(self._data)):
            self._dispatch(events)
        return events

    def _only_lf(self, data: bytes) -> bytes:
        """The same with LF as the only line end; a CRLF may be cut in two."""
        if self._after_cr and data[:1] == b"\n":
            data = data[1:]
            self._after_cr = False
        if data:
            self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _take(self, value: bytes, events: list[Event]) -> None:
        """A line of data."""
        if self._data is None:
            self._data = value
        elif value == DONE or _is_object(self._data):  # events without an empty line between them
            self._dispatch(events)
            self._data = value
        else:
            self._data += b"\n" + value
            if len(self._data) > LINE_MAX:
                raise MalformedError(f"an event is longer than {LINE_MAX} bytes")
        if value == DONE:
            self._dispatch(events)

    def _other(self, line: bytes, events: list[Event]) -> None:
        """A line that is no data."""
        if line.startswith(b":"):
            self._comment = line[1:].strip()
        elif line.startswith(b"event:"):
            self._name = line[6:].strip()
        elif line.startswith(b"error:"):
            events.append((ERROR, line[6:].strip()))
        elif line.startswith(b"{") and _is_object(line):
            events.append((BARE, line))
        elif not line.startswith((b"id", b"retry")):
            self.stray = line

    def _dispatch(self, events: list[Event]) -> None:
        """The event is over; an error may be said in a comment."""
        data = self._data
        if data is None and self._name == ERROR:
            data = self._comment
        if data is not None:
            events.append((self._name, data))
        self._data = None
        self._name = self._comment = b""


def _is_object(data: bytes) -> bool:
    """Whether it is a whole JSON object."""
    if data[:1] != b"{" or data[-1:] != b"}":
        return False
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
