"""What is known about one request, and the ways in which a request can end.

The invariant of the whole engine is stated here: every request that was due ends in exactly one
`Outcome`. Nothing in this file measures or sends.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from gtc_spec.workloads import FACTS, STATS, SUMMED, WORKLOADS, Workload

Source = Workload | Literal["own"]
"""Where a request comes from: a workload of the demo, or prompts of one's own."""
SOURCES: tuple[Source, ...] = (*WORKLOADS, "own")

Key = str
"""What statistics are kept by, one of `KEYS`; `all` and `chat` are sums of these."""
OWN_KEYS: tuple[Key, ...] = ("own", "own_turn2plus")
"""Those of prompts of one's own; statistics have them only when there were some."""
KEYS: tuple[Key, ...] = (*(stat.key for stat in STATS), *OWN_KEYS)
STAT_KEYS = ("all", *SUMMED, *(stat.key for stat in STATS))
"""Every key under which statistics are shown."""
_KEYS: dict[Source, tuple[Key, ...]] = {each: facts.keys for each, facts in FACTS.items()}
_KEYS["own"] = OWN_KEYS

CountedBy = Literal["usage", "chunks"]
ItlBasis = Literal["token", "frame"]


class Outcome(StrEnum):
    """How a request ended."""

    OK = "ok"
    """Output, and a finish reason of a whole answer (`answer/endings.py`); from servers that name
    no finish reasons, output and `[DONE]`."""
    REFUSED = "refused"
    """No connection, or an HTTP status other than 2xx."""
    TRUNCATED = "truncated"
    """The stream ended before a finish reason."""
    ABORTED = "aborted"
    """The answer ended with a finish reason of no whole answer, such as `cancelled` or `error`."""
    EMPTY = "empty"
    """The answer ended as whole answers do, and brought no output."""
    STALLED = "stalled"
    """The answer began and then stood still for longer than the stall limit."""
    MALFORMED = "malformed"
    """The bytes received are not an HTTP response that streams events."""
    ERROR_IN_STREAM = "error_in_stream"
    """The server reported an error inside a stream that began with status 200."""
    TIMEOUT = "timeout"
    """No connection, no first token or no end within the limit."""
    SHED = "shed"
    """Due, but never sent: too many in flight, or the engine was too late."""
    CANCELLED = "cancelled"
    """Ended by us: reset, or the process was stopped."""


FAILURES = tuple(o for o in Outcome if o not in (Outcome.OK, Outcome.SHED))
"""Outcomes that count as failed: neither ok nor shed."""


@dataclass(slots=True)
class RequestRecord:
    """One request from the moment it was due. Times are seconds of CLOCK_MONOTONIC.

    Attributes:
        workload: Which workload it belongs to.
        turn: Turn of the conversation, from 1; 1 for workloads without turns.
        conversation: Name of the conversation; empty for a request that is none.
        due_s: When it should have been sent.
        prompt_tokens: Prompt length in tokens: estimated, replaced by the server's own figure.
        max_tokens: Length of the answer asked for.
        send_s: When its first byte was handed to the kernel; None if never sent.
        first_s: Arrival of the first output token.
        last_s: Arrival of the latest output token.
        first_tokens: Output tokens that came with the first.
        tokens: Output tokens received: by usage where the server sent its own, and never fewer than
            frames that brought output.
        counted_by: Who counted `tokens`: the server's `usage`, or we by `chunks`.
        itl_basis: What the gaps between tokens are made from: `token`, when it is known how many
            tokens came with each arrival, or `frame`, when that is known in the mean at best.
        outcome: How it ended; None while it is open.
        detail: A few words of the server or the system about a failure.
        answer_id: The server's name for the answer; empty if there was none.
        arrivals_s: When output arrived, if that is kept beyond the end: one entry a read.
        arrivals_tokens: Output tokens of each arrival, beside `arrivals_s`.
    """

    workload: Source
    turn: int
    due_s: float
    prompt_tokens: int = 0
    max_tokens: int = 0
    send_s: float | None = None
    first_s: float | None = None
    last_s: float | None = None
    first_tokens: int = 0
    tokens: int = 0
    counted_by: CountedBy = "chunks"
    itl_basis: ItlBasis = "frame"
    outcome: Outcome | None = None
    detail: str = ""
    answer_id: str = ""
    conversation: str = ""
    arrivals_s: array[float] | None = None
    arrivals_tokens: array[int] | None = None

    @property
    def key(self) -> Key:
        """The statistics key of this request."""
        return _KEYS[self.workload][-1 if self.turn > 1 else 0]

    @property
    def ttft_s(self) -> float | None:
        """Service TTFT: first output token minus send; None if there is none."""
        if self.first_s is None or self.send_s is None:
            return None
        return self.first_s - self.send_s

    @property
    def scheduled_ttft_s(self) -> float | None:
        """Scheduled TTFT: first output token minus due; what a waiting person feels."""
        return None if self.first_s is None else self.first_s - self.due_s

    @property
    def tpot_s(self) -> float | None:
        """Mean time of an output token after the first ones; None if there is none after them."""
        if self.first_s is None or self.last_s is None or self.tokens <= self.first_tokens:
            return None
        return (self.last_s - self.first_s) / (self.tokens - self.first_tokens)

    @property
    def e2e_s(self) -> float | None:
        """Last output token minus send; None if there is none."""
        if self.last_s is None or self.send_s is None:
            return None
        return self.last_s - self.send_s

    @property
    def slip_s(self) -> float | None:
        """How late it was sent: send minus due; None if never sent."""
        return None if self.send_s is None else self.send_s - self.due_s
