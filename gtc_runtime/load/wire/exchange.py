"""One request on its way: parser, record and statistics tied together.

A transport calls `sent`, `received` and `lost`; it needs to know nothing else about a request.
An exchange ends exactly once, whatever order things happen in.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING

from gtc_runtime.load.answer.frame import tokens_of
from gtc_runtime.load.answer.live_answer import LiveAnswer
from gtc_runtime.load.answer.plain_frames import plain_frames
from gtc_runtime.load.answer.response import StreamedResponse
from gtc_runtime.load.figures.gaps import NativeGaps
from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.records import Outcome, RequestRecord
from gtc_runtime.load.settings import Timeouts

if TYPE_CHECKING:  # the native core may not have been built
    from gtc_runtime.load.answer.plain_frames import Recogniser
    from gtc_runtime.load.native._core import Stream

WITHOUT_FRAME_MAX = 0.05
"""Up to this share of its tokens, and one more, an answer may have tokens without a frame of their
own and still count as one token a frame: an end of sequence or half a letter prints nothing."""


class Exchange:
    """A request and its streamed answer.

    Args:
        record: What is known about the request; arrivals are kept if it has room for them.
        request: See below.
        recorder: Where statistics go.
        meter: Where the quality of the client is judged.
        on_end: Called once, when the request has its outcome.
        keep_text: Keep the text of the answer.
        done_suffices: The server gives no finish reasons, so `[DONE]` ends an answer.
        live: Follows one answer at a time; this one too, if it wants it. None follows none.

    Attributes:
        request: The bytes to send; empty once an answer begins, for then they are never sent again.
        response: The parser of the answer.
        over: Whether the request has its outcome; its body may still have to end.
        exact: Let the parser count every byte, for a connection on which the fast way was wrong.
    """

    __slots__ = (
        "_arrivals_s",
        "_arrivals_tokens",
        "_followed",
        "_frames",
        "_gaps",
        "_keeps_text",
        "_kept",
        "_last_s",
        "_live",
        "_meter",
        "_on_end",
        "_plain",
        "_plain_frames",
        "_plain_tokens",
        "_recorder",
        "_stream",
        "_tokens",
        "_told",
        "exact",
        "over",
        "record",
        "request",
        "response",
    )

    def __init__(
        self,
        record: RequestRecord,
        request: bytes,
        recorder: SliceRecorder,
        meter: QualityMeter,
        on_end: Callable[[Exchange], None],
        keep_text: bool = False,
        done_suffices: bool = False,
        live: LiveAnswer | None = None,
    ) -> None:
        self.record = record
        self.request = request
        self.response = StreamedResponse(
            keep_text, may_be_empty=record.max_tokens == 0, done_suffices=done_suffices
        )
        self.over = False
        self.exact = False
        self._recorder = recorder
        self._gaps = recorder.gaps[record.key]
        self._meter = meter
        self._on_end = on_end
        self._keeps_text = keep_text
        self._arrivals_s = array("d")
        self._arrivals_tokens = array("l")
        self._kept: list[bytes] = []
        self._last_s = 0.0
        self._plain_frames: Recogniser | None = None  # counts what comes next if it is plain
        self._stream: Stream | None = None  # counts it before it comes here
        self._plain = self._plain_tokens = 0  # counted the fast way, not known to the parser yet
        self._frames = 0
        self._tokens = 0
        self._live = live
        self._followed = False  # the parser has every byte then, for the words in them
        self._told = 0

    def sent(self, at_s: float) -> None:
        """The first byte was handed to the kernel at `at_s`."""
        first_try = self.record.send_s is None
        self.record.send_s = at_s
        if first_try:
            self._recorder.sent(self.record)
            self._meter.slip(at_s - self.record.due_s)

    def read_by(self, stream: Stream) -> None:
        """The native core reads the answer; only what it does not count comes to `received`."""
        if isinstance(self._gaps, NativeGaps):
            self._stream = stream
            stream.begin(self._gaps.counts, self._keeps_text)

    def received(self, data: bytes, at_s: float) -> bool:
        """Bytes arrived at `at_s`.

        Returns:
            `over`.
        """
        plain = self._plain_frames
        if plain is not None and (tokens := plain.tokens(data)):
            gap_s = at_s - self._last_s
            self._last_s = at_s
            self._plain += plain.frames
            self._plain_tokens += tokens
            if tokens == 1:
                self._gaps.add(at_s, gap_s)
            else:
                self._recorder.gap(self.record.key, at_s, gap_s, tokens)
            if plain.frames > 1:
                self._meter.coalesced()
            self._arrivals_s.append(at_s)
            self._arrivals_tokens.append(tokens)
            if self._keeps_text:
                self._kept.append(data)
            return False
        return self._parse(data, at_s)

    def lost(self, detail: str = "") -> None:
        """The connection is gone."""
        self._hand_over()
        self.response.close()
        if detail and self.response.outcome is Outcome.TRUNCATED:
            self.response.detail = detail
        self._end()

    def give_up(self, outcome: Outcome, detail: str = "") -> None:
        """Stop waiting, or never begin."""
        self._hand_over()
        self.response.give_up(outcome, detail)
        self._end()

    def too_slow(self, now_s: float, limits: Timeouts) -> tuple[Outcome, str] | None:
        """The limit that this request has passed at `now_s`; None if it is in time."""
        record = self.record
        if record.send_s is None:
            return None  # the transport limits connecting
        if now_s - record.send_s > limits.whole_s:
            return Outcome.TIMEOUT, f"not over after {limits.whole_s:g} s"
        if record.first_s is None:
            if now_s - record.send_s > limits.first_token_s:
                return Outcome.TIMEOUT, f"no first token after {limits.first_token_s:g} s"
        elif now_s - self._latest_s > limits.stall_s:
            return Outcome.STALLED, f"no output for {limits.stall_s:g} s"
        return None

    @property
    def _latest_s(self) -> float:
        """Arrival of the latest output."""
        return self._last_s if self._stream is None else max(self._last_s, self._stream.last_s)

    def _parse(self, data: bytes, at_s: float) -> bool:
        """The exact way."""
        self._hand_over()
        self.request = b""
        response = self.response
        response.feed(data)
        events = response.events
        if events.frames != self._frames and not self.over:
            begins = self.record.first_s is None
            self._output(events.frames - self._frames, events.tokens - self._tokens, at_s)
            self._frames, self._tokens = events.frames, events.tokens
            if self._live is not None:
                self._tell(self._live, data, begins=begins)
        self._expect(b"" if self.exact or self._followed else response.opening)
        if response.outcome is not None:
            self._end()
        return self.over

    def _tell(self, live: LiveAnswer, data: bytes, *, begins: bool) -> None:
        """Output arrived, and somebody may be following it."""
        events = self.response.events
        if begins and live.picks(self.record):
            self._followed = True
            events.keep(data)
        if self._followed:
            words, self._told = events.words_from(self._told)
            live.hears(words, self.record.tokens)

    def _expect(self, opening: bytes) -> None:
        """Frames whose text begins like this come next; empty: let the parser have them."""
        plain, running = self._plain_frames, self.response.events.so_far
        if self._stream is not None:
            self._stream.expect(opening, self._last_s, running)
        elif not opening:
            self._plain_frames = None
        elif plain is None or plain.opening != opening or plain.running != running:
            self._plain_frames = plain_frames(opening, running)

    def _output(self, frames: int, tokens: int, at_s: float) -> None:
        record = self.record
        if record.first_s is None:
            record.first_s = at_s
            record.first_tokens = tokens
            self._recorder.first_token(record, tokens)
        elif tokens == 1:
            self._gaps.add(at_s, at_s - self._last_s)
        else:
            self._recorder.gap(record.key, at_s, at_s - self._last_s, tokens)
        record.last_s = self._last_s = at_s
        record.tokens += tokens
        if frames > 1:
            self._meter.coalesced()
        self._arrivals_s.append(at_s)
        self._arrivals_tokens.append(tokens)

    def _hand_over(self) -> None:
        """Tell parser and record what was counted the fast way."""
        if self._stream is not None:
            self._take_over(self._stream)
        if self._plain and not self.over:
            self.response.events.add(self._plain, self._kept, self._plain_tokens)
            self._frames += self._plain
            self._tokens += self._plain_tokens
            self.record.tokens += self._plain_tokens
            self.record.last_s = self._last_s
            self._kept = []
            self._plain = self._plain_tokens = 0

    def _take_over(self, stream: Stream) -> None:
        """Take over what the native core has counted since."""
        if (counted := stream.take()) is None:
            return
        frames, tokens, arrivals_s, arrivals_tokens, kept = counted
        self._plain += frames
        self._plain_tokens += tokens
        self._last_s = stream.last_s
        self._arrivals_s.frombytes(arrivals_s)
        self._arrivals_tokens.frombytes(arrivals_tokens)
        if self._keeps_text:
            self._kept.append(kept)

    def _end(self) -> None:
        if self.over:
            return
        self.over = True
        self._stream = None  # it belongs to the next answer now
        if self._followed and self._live is not None:
            self._live.ends()
        record, events = self.record, self.response.events
        record.outcome = self.response.outcome
        record.detail = self.response.detail
        record.answer_id = events.answer_id
        usage = events.usage()
        if (prompt := tokens_of(usage, "prompt_tokens")) is not None:
            record.prompt_tokens = prompt
        self._settle_tokens(tokens_of(usage, "completion_tokens"))
        self._recorder.ended(record)
        self._on_end(self)

    def _settle_tokens(self, usage: int | None) -> None:
        """Hold what was counted against the server's own count, which may not be below it."""
        record, counted = self.record, self.record.tokens
        if usage is not None and counted and usage >= counted:
            record.counted_by = "usage"
            if self.response.events.running or usage - counted <= 1 + counted * WITHOUT_FRAME_MAX:
                record.itl_basis = "token"
            if usage > counted:
                self._recorder.spread(record.key, self._arrivals_s, self._arrivals_tokens, usage)
                record.tokens = usage
                record.first_tokens = self._arrivals_tokens[0]
        elif usage is not None and usage < counted:
            self.exact = True  # perhaps the fast way counted what is none
        if record.arrivals_s is not None:
            record.arrivals_s, record.arrivals_tokens = self._arrivals_s, self._arrivals_tokens
