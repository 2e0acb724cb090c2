"""The workloads: everything in which chat, summarization and reasoning differ, one entry each.

Whoever shows, counts or sends workloads goes through `WORKLOADS` or `STATS` and names none. Only
the texts are made elsewhere, see `gtc_runtime.load.prompts.makers`. This module must not know how
a request is made, sent or drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gtc_spec.errors import UsageError

Workload = Literal["chat", "summarization", "reasoning"]
WORKLOADS: Final[tuple[Workload, ...]] = get_args(Workload)
"""In the order of the shares of a written mix."""
NAMED: Final = f"{', '.join(WORKLOADS[:-1])} and {WORKLOADS[-1]}"
COUNT: Final = {3: "three", 4: "four", 5: "five"}.get(len(WORKLOADS), str(len(WORKLOADS)))
"""All of them, and how many, in a sentence."""

Turn = Literal["1", "2plus"]
TURNS: Final[tuple[Turn, ...]] = get_args(Turn)
"""What statistics tell apart where a workload has turns: the cache holds nothing of the first."""


@dataclass(frozen=True)
class WorkloadFacts:
    """What people see of a workload, and what its statistics are kept by.

    Attributes:
        letter: Its letter in the plan of the demo.
        title: Its name for people.
        description: Two or three plain words beside a slider.
        keys: Statistics keys: one, or one for the first turn and one for later turns.
        inks: Names of its colours on paper (`gtc_spec.colours.INKS`), one for each key.
    """

    letter: str
    title: str
    description: str
    keys: tuple[str, ...]
    inks: tuple[str, ...]

    def key(self, turn: int) -> str:
        """The statistics key of a turn, counted from 1."""
        return self.keys[-1 if turn > 1 else 0]


FACTS: Final[Mapping[Workload, WorkloadFacts]] = {
    "chat": WorkloadFacts(
        "A", "Chat", "many turns, cached", ("chat_turn1", "chat_turn2plus"), ("blue", "sky")
    ),
    "summarization": WorkloadFacts(
        "B", "Summarization", "long input", ("summarization",), ("rust",)
    ),
    "reasoning": WorkloadFacts("C", "Reasoning", "long output", ("reasoning",), ("green",)),
}


@dataclass(frozen=True)
class Stat:
    """What one statistics key counts: a workload, or one kind of its turns.

    Attributes:
        key: The key.
        workload, turn: What it counts; the turn is ``1`` where there are none.
        title: Its name for people, such as ``Chat, turn 1``.
        ink: Name of its colour on paper.
    """

    key: str
    workload: Workload
    turn: Turn
    title: str
    ink: str


def _stats() -> Iterator[Stat]:
    for workload, facts in FACTS.items():
        for key, ink, turn in zip(facts.keys, facts.inks, TURNS, strict=False):
            which = f", turn {turn.replace('plus', '+')}" if len(facts.keys) > 1 else ""
            yield Stat(key, workload, turn, facts.title + which, ink)


STATS: Final = tuple(_stats())
"""Every statistics key of a workload, in the order of rows on every screen."""
SUMMED: Final = tuple(each for each, facts in FACTS.items() if len(facts.keys) > 1)
"""Workloads of several keys; their sum is shown under their own name."""

Span = Annotated[tuple[float, float], Field(description="smallest and largest value")]
TokenSpan = Annotated[tuple[int, int], Field(description="smallest and largest number of tokens")]

_QUESTION_TOKENS = 60
"""Longest follow-up question."""


class _Shape(BaseModel):
    """Spans are drawn uniformly; both ends must be in order."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="after")
    def _spans_in_order(self) -> Self:
        for name in type(self).model_fields:
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise ValueError(f"{name} must be [low, high] with 0 < low <= high")
        return self


class ChatShape(_Shape):
    """Conversations of several turns over a long first context."""

    turns: TokenSpan
    """Requests of one conversation."""
    context_tokens: TokenSpan
    """Prompt of turn 1. Under ~1k tokens the cache shows nothing (facts: 4.3)."""
    reply_tokens: TokenSpan
    think_s: Span
    """Pause between an answer and the next question, seconds."""

    @property
    def longest_prompt_tokens(self) -> int:
        """Longest prompt, history of the last turn included."""
        return self.context_tokens[1] + self.turns[1] * (self.reply_tokens[1] + _QUESTION_TOKENS)

    @property
    def longest_answer_tokens(self) -> int:
        """Longest answer that is asked for."""
        return self.reply_tokens[1]

    def capped(self, prompt_tokens_max: int, answer_tokens_max: int) -> Self:
        """The same with its token spans within caps."""
        context = _cap(self.context_tokens, prompt_tokens_max)
        reply = _cap(self.reply_tokens, answer_tokens_max)
        return self.model_copy(update={"context_tokens": context, "reply_tokens": reply})


class SingleShape(_Shape):
    """Requests that stand alone."""

    prompt_tokens: TokenSpan
    output_tokens: TokenSpan

    @property
    def longest_prompt_tokens(self) -> int:
        """Longest prompt."""
        return self.prompt_tokens[1]

    @property
    def longest_answer_tokens(self) -> int:
        """Longest answer that is asked for."""
        return self.output_tokens[1]

    def capped(self, prompt_tokens_max: int, answer_tokens_max: int) -> Self:
        """The same with its token spans within caps."""
        prompt = _cap(self.prompt_tokens, prompt_tokens_max)
        output = _cap(self.output_tokens, answer_tokens_max)
        return self.model_copy(update={"prompt_tokens": prompt, "output_tokens": output})


def _cap(span: tuple[int, int], most: int) -> tuple[int, int]:
    return min(span[0], most), min(span[1], most)


class Workloads(BaseModel):
    """Shapes of the workloads in tokens of the served model, one field each."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    chat: ChatShape
    """A: multi-turn chat over a long first context."""
    summarization: SingleShape
    """B: long document in, short summary out."""
    reasoning: SingleShape
    """C: short question in, long answer out."""

    def of(self, workload: Workload) -> ChatShape | SingleShape:
        """The shape of one workload."""
        shape: ChatShape | SingleShape = getattr(self, workload)
        return shape

    @property
    def longest_prompt_tokens(self) -> int:
        """Longest prompt that a workload can send."""
        return max(self.of(each).longest_prompt_tokens for each in WORKLOADS)

    @property
    def longest_answer_tokens(self) -> int:
        """Longest answer that a workload asks for."""
        return max(self.of(each).longest_answer_tokens for each in WORKLOADS)

    def capped(self, prompt_tokens_max: int, answer_tokens_max: int) -> Workloads:
        """The shapes with every token span within the caps."""
        caps = (prompt_tokens_max, answer_tokens_max)
        return self.model_copy(update={each: self.of(each).capped(*caps) for each in WORKLOADS})


_WRITTEN = 3
"""Shares that every written mix has. Further workloads may be left out, and have none then: so a
mix that somebody wrote down means the same when a workload is added."""
_MIX = re.compile(rf"\d{{1,3}}(/\d{{1,3}}){{{_WRITTEN - 1},{len(WORKLOADS) - 1}}}")


class WorkloadMix(Mapping[Workload, int]):
    """Shares of the workloads in percent by name; they always add up to 100.

    Args:
        shares: In the order of `WORKLOADS`; those left out at the end are 0.

    Raises:
        UsageError: A share is negative, or they do not add up.
    """

    __slots__ = ("_shares",)

    def __init__(self, *shares: int) -> None:
        rest = (0,) * (len(WORKLOADS) - len(shares))
        self._shares = dict(zip(WORKLOADS, shares + rest, strict=True))
        if min(shares) < 0:
            raise UsageError(
                f"mix {self} has a negative share, allowed: {COUNT} shares of 0 to 100 that add up"
                " to 100"
            )
        if sum(shares) != 100:
            raise UsageError(
                f"mix {self} adds up to {sum(shares)}, allowed: {COUNT} shares that add up to 100"
            )

    @classmethod
    def parse(cls, text: str) -> WorkloadMix:
        """Read ``40/30/30``, in the order of `WORKLOADS`; commas work as well.

        Raises:
            UsageError: The text is not shares that add up to 100.
        """
        written = text.strip().replace(",", "/")
        if not _MIX.fullmatch(written):
            raise UsageError(f"not a workload mix: {text!r}, allowed: three shares like 40/30/30")
        return cls(*map(int, written.split("/")))

    @classmethod
    def of(cls, shares: Mapping[str, int]) -> WorkloadMix:
        """The mix of shares by name.

        Raises:
            UsageError: A workload is missing or unknown, or they do not add up.
        """
        if set(shares) != set(WORKLOADS):
            raise UsageError(f"mix has {', '.join(sorted(shares))}, allowed: {NAMED}")
        return cls(*(shares[each] for each in WORKLOADS))

    def __getitem__(self, workload: Workload) -> int:
        return self._shares[workload]

    def __iter__(self) -> Iterator[Workload]:
        return iter(self._shares)

    def __len__(self) -> int:
        return len(self._shares)

    def __hash__(self) -> int:
        return hash(tuple(self._shares.values()))

    def __repr__(self) -> str:
        return f"WorkloadMix({', '.join(map(str, self._shares.values()))})"

    def __str__(self) -> str:
        """The written form, ``40/30/30``."""
        shares = list(self._shares.values())
        while len(shares) > _WRITTEN and not shares[-1]:
            shares.pop()
        return "/".join(map(str, shares))
