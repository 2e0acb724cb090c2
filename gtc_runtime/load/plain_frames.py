"""The fast way to count: a read that holds nothing but ordinary token frames.

Nearly every read of a stream is one or more whole HTTP chunks, each of whole events, each of one
line that brings text and nothing else. For those a few searches replace HTTP and event parser, and
for a frame that is like the one before but for its text, three comparisons replace the searches.
The answer is 0 for anything that is not *surely* like that, and the parser then takes the same
bytes: this file may be incomplete, but never wrong. Quotes inside JSON strings are escaped, so a
search for `"content":"` finds the field and never text that looks like it.
"""

from __future__ import annotations

END = b"\n\n\r\n"
"""An event and the HTTP chunk around it are over."""
UNFINISHED = b'"finish_reason":null'
_ERROR = b'"error"'
_USAGE = b'"completion_tokens":'
_BEGIN = b"data: {"
_ONE_CHUNK_MAX = 2_048
_QUOTE = 34
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


class PlainFrames:
    """Counts the plain reads of one stream.

    Attributes:
        opening: The field that brings text in this stream, such as `"content":"`.
    """

    __slots__ = ("_after", "_before", "opening")

    def __init__(self, opening: bytes) -> None:
        self.opening = opening
        self._before = b""
        self._after = _NEVER

    def tokens(self, data: bytes) -> int:
        """How many token frames a read is; 0 if it may be anything else.

        Args:
            data: A read that began at the border of a chunk and of an event.
        """
        size = len(data)
        if size >= _ONE_CHUNK_MAX or not data.startswith(head := _HEADS[size]):
            return _several(data, self.opening)
        before, after = self._before, self._after
        text, end = len(head) + len(before), size - len(after)
        if (
            text < end
            and data.startswith(before, len(head))
            and data.endswith(after)
            and data.find(b'"', text, end) < 0
            and data.find(b"\n", text, end) < 0
        ):
            return 1
        return self._one(data, len(head))

    def _one(self, data: bytes, head: int) -> int:
        """One chunk that holds an event from `head` on: searched, and learnt if it is plain."""
        text = data.find(self.opening) + len(self.opening)
        plain = (
            text > len(self.opening)
            and data[text] != _QUOTE
            and data.endswith(END)
            and data.count(b"\n") == 4
            and UNFINISHED in data
            and _ERROR not in data
            and _USAGE not in data
        )
        if plain:
            self._before, self._after = data[head:text], data[data.find(b'"', text) :]
        return plain


def _several(data: bytes, opening: bytes) -> int:
    """The same for any number of chunks with any number of events."""
    chunks = _whole_chunks(data)
    frames = data.count(b"\n\n")
    alike = (
        chunks > 0
        and data.count(b"\n") == 2 * (frames + chunks)
        and data.count(opening) == frames
        and data.count(UNFINISHED) == frames
        and (frames == chunks or data.count(_BEGIN) >= frames)
        and opening + b'"' not in data
        and _ERROR not in data
        and _USAGE not in data
    )
    return frames if alike else 0


def _whole_chunks(data: bytes) -> int:
    """How many chunks the data is, each of whole events from `data: {` on; 0 if it is not that."""
    at = chunks = 0
    try:
        while at < len(data):
            end = data.find(b"\r\n", at, at + 16)
            length = int(data[at:end], 16)
            begins = data.startswith(_BEGIN, end + 2)
            at = end + 4 + length
            if length <= 0 or not begins or data[at - 4 : at] != END:
                return 0
            chunks += 1
    except ValueError:
        return 0
    return chunks
