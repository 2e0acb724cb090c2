"""One request on its way: parser, record and statistics tied together.

A transport calls `sent`, `received` and `lost`; it needs to know nothing else about a request.
An exchange ends exactly once, whatever order things happen in.
"""

from __future__ import annotations

from collections.abc import Callable

from gtc_runtime.load.quality import QualityMeter
from gtc_runtime.load.records import Outcome, RequestRecord
from gtc_runtime.load.response import StreamedResponse
from gtc_runtime.load.settings import Timeouts
from gtc_runtime.load.stats import SliceRecorder


class Exchange:
    """A request and its streamed answer.

    Args:
        record: What is known about the request.
        request: The bytes to send.
        recorder: Where statistics go.
        meter: Where the quality of the client is judged.
        on_end: Called once, when the request has its outcome.
        keep_text: Keep the text of the answer.

    Attributes:
        response: The parser of the answer.
    """

    __slots__ = (
        "_frames",
        "_key",
        "_meter",
        "_on_end",
        "_recorder",
        "_tokens",
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
    ) -> None:
        self.record = record
        self.request = request
        self.response = StreamedResponse(keep_text)
        self._key = record.key
        self._recorder = recorder
        self._meter = meter
        self._on_end = on_end
        self._frames = 0
        self._tokens = 0

    @property
    def over(self) -> bool:
        """Whether the request has its outcome; its body may still have to end."""
        return self.record.outcome is not None

    def sent(self, at_s: float) -> None:
        """The first byte was handed to the kernel at `at_s`."""
        first_try = self.record.send_s is None
        self.record.send_s = at_s
        self.request = b""
        if first_try:
            self._recorder.sent(self.record)
            self._meter.slip(at_s - self.record.due_s)

    def received(self, data: bytes, at_s: float) -> None:
        """Bytes of the answer arrived at `at_s`."""
        response = self.response
        response.feed(data)
        events = response.events
        if events.frames != self._frames and not self.over:
            self._output(events.frames - self._frames, events.tokens - self._tokens, at_s)
            self._frames, self._tokens = events.frames, events.tokens
        if response.outcome is not None:
            self._end()

    def lost(self, detail: str = "") -> None:
        """The connection is gone."""
        self.response.close()
        if detail and self.response.outcome is Outcome.TRUNCATED:
            self.response.detail = detail
        self._end()

    def give_up(self, outcome: Outcome, detail: str = "") -> None:
        """Stop waiting, or never begin."""
        self.response.give_up(outcome, detail)
        self._end()

    def too_slow(self, now_s: float, limits: Timeouts) -> tuple[Outcome, str] | None:
        """The limit that this request has passed at `now_s`; None if it is in time."""
        record = self.record
        if record.send_s is None:
            return None  # the transport limits connecting
        if now_s - record.send_s > limits.whole_s:
            return Outcome.TIMEOUT, f"not over after {limits.whole_s:g} s"
        if record.last_s is None:
            if now_s - record.send_s > limits.first_token_s:
                return Outcome.TIMEOUT, f"no first token after {limits.first_token_s:g} s"
        elif now_s - record.last_s > limits.stall_s:
            return Outcome.STALLED, f"no output for {limits.stall_s:g} s"
        return None

    def _output(self, frames: int, tokens: int, at_s: float) -> None:
        record = self.record
        record.tokens += tokens
        if record.last_s is None:
            record.first_s = at_s
            self._recorder.first_token(record, tokens)
        else:
            self._recorder.gap(self._key, at_s, at_s - record.last_s, tokens)
        record.last_s = at_s
        self._meter.read(frames)

    def _end(self) -> None:
        if self.over:
            return
        record = self.record
        record.outcome = self.response.outcome
        record.detail = self.response.detail
        usage = self.response.events.usage()
        if isinstance(prompt := usage.get("prompt_tokens"), int):
            record.prompt_tokens = prompt
        if isinstance(tokens := usage.get("completion_tokens"), int):
            record.tokens = tokens
        self._recorder.ended(record)
        self._on_end(self)
