"""The root of every error that a person may see.

An error is one sentence, lower case, without a full stop: what failed, the value received and what
is allowed. The hint says what to do next. The command line prints both and never a traceback; a
program of somebody else that catches nothing ends in one, and its last lines are both too.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

_LINE_MAX: Final = 1000
_BEGIN, _END = 600, 390
"""What is left of a line that is longer."""
_UNSEEN: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Control characters, marks of direction, halves of characters, ends of lines."""


def one_line(text: str) -> str:
    """A text as one line of bounded length, whatever somebody has put into it.

    A sign that a terminal would obey, or could not write, is escaped.
    """
    if len(text) > _LINE_MAX:
        text = f"{text[:_BEGIN]}…{text[-_END:]}"
    if text.isprintable():
        return text
    return "".join(
        sign.encode("unicode_escape").decode() if unicodedata.category(sign) in _UNSEEN else sign
        for sign in text
    )


class GtcError(Exception):
    """Something failed that the person in front of the screen can act on.

    Args:
        message: One sentence for a person, lower case, no full stop. What it repeats of an input
            may be anything: see `one_line`.
        hint: What to do next; empty when the message says it all.
    """

    exit_code = 1
    """What the command line exits with: 1 a check failed, 2 usage, 3 unreachable."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = "\n".join(map(one_line, message.split("\n")))
        self.hint = one_line(hint)
        super().__init__(self.message)
        if self.hint:
            self.add_note(f"hint: {self.hint}")


class UsageError(GtcError):
    """The input is wrong: a flag, a file, a value.

    Args:
        message: What failed, the value received and what is allowed, in one line each.
        hint: What to do next. Default: empty, the message says it all.
    """

    exit_code = 2


class UnreachableError(GtcError):
    """Something that should answer does not."""

    exit_code = 3


@dataclass(frozen=True)
class Problem:
    """One broken rule of a configuration file.

    Attributes:
        file: The file that holds the value.
        key: Dotted path of the value inside the file.
        value: The value received, as text.
        allowed: What the rule allows.
    """

    file: str
    key: str
    value: str
    allowed: str

    def __str__(self) -> str:
        """The problem on one line."""
        return one_line(f"{self.file}: {self.key}: got {self.value}, allowed: {self.allowed}")


class ConfigError(UsageError):
    """A configuration breaks one or more rules; all of them are listed at once."""

    def __init__(self, problems: list[Problem], hint: str = "") -> None:
        super().__init__("\n".join(str(problem) for problem in problems), hint)
        self.problems = tuple(problems)
