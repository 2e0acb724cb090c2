"""Finds the dialect that a server takes, by what it refuses.

A refusal that names a field is believed. One that names none is met by leaving out one thing after
the other, so that nothing is given up that the server would have taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from gtc_runtime.load.asking.dialect import Dialect

LEAST_TOKENS: Final = 16
"""What gateways that refuse short answers want at least."""
ROUNDS_MAX: Final = 6
REFUSALS: Final = (400, 404, 415, 422, 500, 501)
"""Statuses that a field of the request may have caused; 404 counts only if its words name one."""


@dataclass(frozen=True)
class Reply:
    """What came back: a status, and the server's words when it is one of refusal."""

    status: int
    words: str = ""

    @property
    def accepted(self) -> bool:
        """Whether it is an answer."""
        return 200 <= self.status < 300

    @property
    def gist(self) -> str:
        """The words without numbers and identifiers, so that two refusals can be compared."""
        return f"{self.status} " + re.sub(r"[0-9a-f-]{8,}|\d+", "", self.words.lower())


@dataclass(frozen=True)
class Rung:
    """One thing to give up.

    Attributes:
        named: What the words of a refusal look like that mean it.
        change: Fields of the dialect and their values without it.
        only_now: Values of these fields at which there is something to give up.
    """

    named: str
    change: dict[str, Any]
    only_now: dict[str, Any] = field(default_factory=dict)

    def applies(self, dialect: Dialect) -> bool:
        """Whether it changes anything."""
        now = dialect.model_dump()
        return all(now[name] == value for name, value in self.only_now.items()) and any(
            now[name] != value for name, value in self.change.items()
        )

    def is_named(self, words: str) -> bool:
        """Whether a refusal means it."""
        return re.search(self.named, words.lower()) is not None


RUNGS: Final = (
    Rung("continuous_usage", {"usage": "end"}, {"usage": "running"}),
    Rung("ignore_eos", {"ignore_eos": False}),
    Rung("minimum|at least|>= ?\\d|too small|below", {"tokens_min": LEAST_TOKENS}),
    Rung("max_completion_tokens|max_tokens", {"length_field": "max_completion_tokens"}),
    Rung("stream_options|include_usage", {"usage": "none"}),
    Rung("system", {"system": False}),
)
"""In the order in which they are tried: what engines of our own kind take, others refuse first."""


def agree(ask: Callable[[Dialect], Reply], dialect: Dialect) -> tuple[Dialect, Reply]:
    """The dialect in which the server answers, and its answer; its first refusal if there is none.

    Args:
        ask: Asks once.
        dialect: What to begin with.
    """
    first = reply = ask(dialect)
    for _ in range(ROUNDS_MAX):
        if reply.accepted or reply.status not in REFUSALS:
            break
        named = [each for each in RUNGS if each.applies(dialect) and each.is_named(reply.words)]
        if reply.status == 404 and not named:
            break
        found = _step(ask, dialect, reply, named)
        if found is None:
            return dialect, first
        dialect, reply = found
    return dialect, reply if reply.accepted else first


def _step(
    ask: Callable[[Dialect], Reply], dialect: Dialect, reply: Reply, named: list[Rung]
) -> tuple[Dialect, Reply] | None:
    """Give up one thing that helps, or everything; None when nothing does."""
    possible = [each for each in RUNGS if each.applies(dialect)]
    for rung in sorted(possible, key=lambda each: each not in named):
        tried = dialect.model_copy(update=rung.change)
        got = ask(tried)
        if got.accepted or got.gist != reply.gist:
            return tried, got
    everything = dialect.model_copy(
        update={name: value for rung in possible for name, value in rung.change.items()}
    )
    got = ask(everything) if possible else reply
    return (everything, got) if got.accepted else None
