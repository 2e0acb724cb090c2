"""One HTTP response that streams a completion: head, framing and events put together.

Bytes go in as they arrive; what happened can be read from its attributes after each call. It does
not know time, sockets or statistics.
"""

from __future__ import annotations

import re

from gtc_runtime.load.answer.endings import is_whole
from gtc_runtime.load.answer.frame import parse, words_of
from gtc_runtime.load.answer.framing import (
    HEAD_MAX,
    ChunkedBody,
    Head,
    MalformedError,
    PlainBody,
    sample,
)
from gtc_runtime.load.answer.plain_frames import END, plain_frames
from gtc_runtime.load.answer.sse import EventStream
from gtc_runtime.load.records import Outcome

LARGE = 600
"""From this many bytes on it pays to look for a part of a read that can be counted the fast way."""
_BEFORE_PLAIN_MAX = 3
_FINISH = b'"finish_reason":"'
_HEAD_END = re.compile(rb"\r\n\r\n|\n\n").search
ERROR_BODY_MAX = 4_096
"""How much of an error response is kept for the record, bytes."""


class StreamedResponse:
    """Parses one response.

    Args:
        keep_text: Keep the text of the answer.
        may_be_empty: No output was asked for.
        done_suffices: The server gives no finish reasons.

    Attributes:
        events: The counted stream.
        outcome: How the response ended; None while it is open.
        detail: A few words of the server about a failure.
        complete: The body has ended, the connection is free.
        reusable: The connection may carry another request once `complete`.
    """

    __slots__ = (
        "_body",
        "_done_suffices",
        "_error_body",
        "_head",
        "_may_be_empty",
        "_raw_head",
        "_saw_bytes",
        "complete",
        "detail",
        "events",
        "outcome",
    )

    def __init__(
        self, keep_text: bool = False, may_be_empty: bool = False, done_suffices: bool = False
    ) -> None:
        self.events = EventStream(keep_text)
        self._may_be_empty = may_be_empty
        self._done_suffices = done_suffices
        self.outcome: Outcome | None = None
        self.detail = ""
        self.complete = False
        self._raw_head = b""
        self._saw_bytes = False
        self._head: Head | None = None
        self._body: ChunkedBody | PlainBody = PlainBody(None)
        self._error_body = b""

    @property
    def began(self) -> bool:
        """Whether a single byte arrived."""
        return self._saw_bytes

    @property
    def reusable(self) -> bool:
        """Whether the connection may be used again."""
        return self.complete and self._head is not None and self._head.keep_alive

    @property
    def opening(self) -> bytes:
        """How text begins in the frames to come, if the next byte begins a chunk; else empty.

        Only then `plain_frames` may count the bytes that come next instead of `feed`.
        """
        if self.outcome is None and self._body.between_chunks:
            return self.events.opening
        return b""

    def feed(self, data: bytes) -> None:
        """Take in bytes as they came from the socket, cut anywhere."""
        if len(data) > LARGE:
            data = self._count_plain(data)
        if data:
            self._feed(data)

    def _count_plain(self, data: bytes) -> bytes:
        """Count what is plain in a large read the fast way; returns what is left.

        Before it there may be the head or the end of a chunk, behind it the end of the answer or
        the begin of a chunk.
        """
        for _ in range(_BEFORE_PLAIN_MAX):
            if self.opening or (begin := data.find(END) + len(END)) < len(END):
                break
            self._feed(data[:begin])
            data = data[begin:]
        finish = data.find(_FINISH)
        end = data.rfind(END, 0, finish if finish >= 0 else len(data)) + len(END)
        if end > len(END) and (opening := self.opening):
            plain = plain_frames(opening, self.events.so_far)
            if tokens := plain.tokens(data[:end]):
                self.events.add(plain.frames, [data[:end]], tokens)
                return data[end:]
        return data

    def _feed(self, data: bytes) -> None:
        """Take in bytes the exact way."""
        self._saw_bytes = True
        try:
            if self._head is None:
                data = self._read_head(data)
                if self._head is None:
                    return
            payload = self._body.feed(data)
            if self._head.fine:
                self._stream(payload)
            elif len(self._error_body) < ERROR_BODY_MAX:
                self._error_body += payload
            if self._body.ended:
                self._end()
        except MalformedError as error:
            self._settle(Outcome.MALFORMED, str(error))

    def close(self) -> None:
        """The connection was closed or reset by the other side."""
        self._body.close()
        self._end()

    def give_up(self, outcome: Outcome, detail: str) -> None:
        """We stop waiting; an answer that already said it is finished stays ok."""
        if self.events.finished:
            self._judge()
        self._settle(outcome, detail)

    def _read_head(self, data: bytes) -> bytes:
        """Collect the head; returns what follows it."""
        raw = self._raw_head + data
        while self._head is None:
            end = _HEAD_END(raw)
            if end is None:
                self._raw_head = raw
                if len(raw) > HEAD_MAX or not b"HTTP/1.".startswith(raw[:7]):
                    raise MalformedError(f"not an http response: {sample(raw)}")
                return b""
            head = Head.parse(raw[: end.start()])
            raw = raw[end.end() :]
            if head.status >= 200:  # 1xx only announces the real one
                self._take_head(head)
        return raw

    def _take_head(self, head: Head) -> None:
        self._head = head
        self._body = head.body()
        if head.fine and not head.streams_events:
            kind = head.headers.get(b"content-type", b"")
            raise MalformedError(f"not an event stream but {sample(kind) or 'no content-type'}")

    def _stream(self, payload: bytes) -> None:
        if payload and not self.events.done:
            self.events.feed(payload)
        if self.events.error is not None or self.events.done:
            self._judge()

    def _end(self) -> None:
        """The body is over, rightly or not."""
        self.complete = self._body.ended and self._head is not None
        if self._head is not None and not self._head.fine:
            self._settle(Outcome.REFUSED, f"{self._head.status}: {_message(self._error_body)}")
        elif self.outcome is None:
            try:
                self.events.end()
            except MalformedError as error:
                self._settle(Outcome.MALFORMED, str(error))
            self._judge()

    def _judge(self) -> None:
        """The server said that the answer is over, or the stream is: was it an answer?"""
        events = self.events
        if events.error is not None:
            self._settle(Outcome.ERROR_IN_STREAM, events.error)
        elif events.finished and not is_whole(events.reason):
            words = f": {events.reason_words}" if events.reason_words else ""
            self._settle(Outcome.ABORTED, f"finish_reason {events.reason}{words}")
        elif not events.finished and not (events.done and self._may_end_with_done):
            end = "[DONE] came" if events.done else "the stream ended"
            said = f"; it said: {events.last_words}" if events.last_words else ""
            self._settle(Outcome.TRUNCATED, f"{end} before a finish reason{said}")
        elif not events.frames and not self._may_be_empty:
            self._settle(Outcome.EMPTY, f"no output: {_how(events)}")
        else:
            self._settle(Outcome.OK)

    @property
    def _may_end_with_done(self) -> bool:
        """Whether `[DONE]` alone is the end of a whole answer."""
        return self._done_suffices or not self.events.names_finish

    def _settle(self, outcome: Outcome, detail: str = "") -> None:
        """The first verdict stands."""
        if self.outcome is None:
            self.outcome = outcome
            self.detail = "" if outcome is Outcome.OK else detail


def _how(events: EventStream) -> str:
    """How an answer ended that brought nothing, in the server's words."""
    end = f"finish_reason {events.reason}" if events.finished else "only [DONE]"
    counted = events.usage().get("completion_tokens")
    return f"{end}, usage says {counted} tokens" if counted else end


def _message(body: bytes) -> str:
    """What an error body says, in one short line."""
    data = parse(body)
    if not data:
        return sample(body) or "no body"
    return sample(words_of(data.get("error") or data).encode(), 200)
