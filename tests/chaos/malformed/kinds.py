"""What a kind of input is to those who try it, and what counts as an answer.

An answer is: taken; one line for a person (`GtcError`); or something that was counted or shown as
missing, which a kind names itself. Any other exception is a fault, and so is a line that is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random

from gtc_spec.errors import ConfigError, GtcError

LINE_MAX = 4000
"""A longer line fills the screen."""

Try = Callable[[Random], str]
"""Makes one input and gives it to the product; returns the word for what became of it."""


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes:
        name: For people and for replays.
        prepared: What has to exist around all tries.
    """

    name: str
    prepared: Callable[[], AbstractContextManager[Try]]


class NotOneLine(AssertionError):  # noqa: N818
    """An error that a terminal or a log could not show as lines for a person."""


def check_words(error: GtcError) -> None:
    """Refuse an error that is not one line a problem.

    Raises:
        NotOneLine: It is not.
    """
    problems = len(error.problems) if isinstance(error, ConfigError) else 1
    for text, lines in ((error.message, problems), (error.hint, 1)):
        for wrong in _wrong(text, lines):
            raise NotOneLine(f"{wrong}: {text[:200]!r}")


def _wrong(text: str, lines: int) -> Iterator[str]:
    found = text.split("\n")
    if len(found) > max(1, lines):
        yield f"{len(found)} lines for {lines} problems"
    if any(len(line) > LINE_MAX for line in found):
        yield "a line without an end"
    if any(ord(sign) < 32 or ord(sign) == 127 for line in found for sign in line):
        yield "control characters"
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        yield "half characters"
