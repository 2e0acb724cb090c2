"""What makes the prompts of each workload: the one table of them.

It must not know when a prompt is sent, or what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from gtc_runtime.load.prompts.chat import Chat
from gtc_runtime.load.prompts.library import Library
from gtc_runtime.load.prompts.prompt import Prompt, TokenRatio
from gtc_runtime.load.prompts.reasoning import Reasoning
from gtc_runtime.load.prompts.summarization import Summarization
from gtc_spec.serving import LoadLimits
from gtc_spec.workloads import WORKLOADS, SingleShape, Workload, Workloads


class Maker(Protocol):
    """Makes prompts that stand alone."""

    def next(self) -> Prompt:
        """A new prompt, which shares no prefix with another."""


SINGLE: Final[Mapping[Workload, Callable[[SingleShape, Library, TokenRatio, int], Maker]]] = {
    "summarization": Summarization,
    "reasoning": Reasoning,
}
"""Makers of the workloads whose requests stand alone: every one but chat."""


class Makers:
    """A maker for each workload.

    Args:
        shapes: Lengths of the workloads.
        limits: Caps on these lengths.
        library: Where texts come from.
        ratio: Tokens per word.
        seed: Equal seeds make equal prompts, one workload like the other without the rest.

    Attributes:
        chat: Begins conversations.
        single: Makes the requests of every other workload.
    """

    def __init__(
        self, shapes: Workloads, limits: LoadLimits, library: Library, ratio: TokenRatio, seed: int
    ) -> None:
        capped = shapes.capped(limits.prompt_tokens_max, limits.max_tokens_max)
        seeds = {workload: seed + at for at, workload in enumerate(WORKLOADS, 1)}
        self.chat = Chat(capped.chat, library, ratio, seeds["chat"])
        self.single: dict[Workload, Maker] = {
            each: SINGLE[each](shape, library, ratio, seeds[each])
            for each in WORKLOADS
            if isinstance(shape := capped.of(each), SingleShape)
        }

    def prompt(self, workload: Workload) -> Prompt:
        """A new prompt; of chat, the first turn of a new conversation."""
        if workload in self.single:
            return self.single[workload].next()
        return self.chat.prompt(self.chat.begin())
