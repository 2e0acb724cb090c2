"""One request on its way through the simulated cluster, and the conversation that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from gtc_runtime.load.records import Key


class Components(NamedTuple):
    """Where the time to the first token went, seconds; their sum is the TTFT.

    Attributes:
        host_s: HTTP, tokenising, routing.
        queue_s: Until the first step of its prefill.
        prefill_s: From there to the end of its last chunk.
        handover_s: From the prefill worker to the decode worker; 0 in aggregated serving.
        transfer_s: KV cache on its way, the wait for the link included.
        admission_s: Until the decode worker has room and its running step is over.
        first_step_s: The step that makes the first token.
    """

    host_s: float
    queue_s: float
    prefill_s: float
    handover_s: float
    transfer_s: float
    admission_s: float
    first_step_s: float


@dataclass(eq=False, slots=True)
class Conversation:
    """A chat and what it has come to.

    Attributes:
        turns_left: Questions that are still to come.
        prompt_tokens: Length of the next prompt.
        turn: Number of the next turn, from 1.
    """

    turns_left: int
    prompt_tokens: int
    turn: int = 1


@dataclass(eq=False, slots=True)
class Request:
    """One request; times in seconds of the simulation, -1 for what has not happened.

    Attributes:
        key: Statistics key.
        due_s: When it is due, and sent.
        prompt_tokens, output_tokens: Its lengths.
        conversation: The chat that it is a turn of.
        cached_tokens: Tokens of its prompt that its worker found in the cache.
        routed_s: When its prefill worker got it.
        begun_s: When its first chunk began.
        prefilled_s: When its last chunk ended.
        handed_s: When its decode worker knew of it.
        arrived_s: When its KV cache was there.
        admitted_s: When the step began that makes its first token.
        first_s: When its first token left.
        done_s: When its last token left.
        descriptors: Of its KV transfer, see `link`.
        lent: Gives back the blocks that it holds where it decodes.
    """

    key: Key
    due_s: float
    prompt_tokens: int
    output_tokens: int
    conversation: Conversation | None = None
    cached_tokens: int = 0
    routed_s: float = -1.0
    begun_s: float = -1.0
    prefilled_s: float = -1.0
    handed_s: float = -1.0
    arrived_s: float = -1.0
    admitted_s: float = -1.0
    first_s: float = -1.0
    done_s: float = -1.0
    descriptors: float = 0.0
    lent: Callable[[], None] | None = None

    @property
    def owner(self) -> object:
        """What the blocks of its prompt are cached for."""
        return self.conversation or self

    @property
    def new_tokens(self) -> int:
        """Tokens to prefill; the last one of a prompt is always computed."""
        return max(1, self.prompt_tokens - self.cached_tokens)

    @property
    def ttft_s(self) -> float:
        """From due to the first token."""
        return self.first_s - self.due_s

    @property
    def tpot_s(self) -> float | None:
        """Mean time of a token after the first; None for one token, and before the end."""
        if self.output_tokens < 2 or self.done_s < 0:
            return None
        return (self.done_s - self.first_s) / (self.output_tokens - 1)

    @property
    def components(self) -> Components:
        """Where its time to the first token went."""
        return Components(
            self.routed_s - self.due_s,
            self.begun_s - self.routed_s,
            self.prefilled_s - self.begun_s,
            self.handed_s - self.prefilled_s,
            self.arrived_s - self.handed_s,
            self.admitted_s - self.arrived_s,
            self.first_s - self.admitted_s,
        )
