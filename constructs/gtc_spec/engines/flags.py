"""Further arguments of an engine that is configured by flags, as a caller writes them.

This module must not know which engine takes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gtc_spec.arguments.clear_text import clear_text
from gtc_spec.errors import UsageError

FlagValue = str | int | float | bool | Sequence[str]
"""What follows a flag: one value, several, or True for a flag that stands alone."""
Flags = Mapping[str, FlagValue]
"""Flag, such as ``--max-num-seqs``, to its value."""

_FLAG: Final = re.compile(r"--[a-z0-9][A-Za-z0-9_.-]*")


def check(backend: str, flags: Flags, ours: Mapping[str, str]) -> None:
    """Check flags before any worker is told them.

    Args:
        backend: Who takes them, for the messages.
        flags: The flags.
        ours: Flags that we set ourselves, each with where its value comes from. Shortened forms
            count as well, because the parsers of the engines accept them.

    Raises:
        UsageError: One is no flag, has no value that can be written, is a secret in clear, or is
            ours.
    """
    for flag, value in flags.items():
        if not (isinstance(flag, str) and _FLAG.fullmatch(flag)):
            raise UsageError(
                f"{backend}: got the flag {flag!r}, allowed: its long name, such as --seed"
            )
        if value is False or value is None:
            raise UsageError(
                f"{backend}: {flag} is {value}, allowed: its value, or True where it has none",
                "leave it out, or name its opposite, such as --no-enable-prefix-caching",
            )
        texts = [value] if isinstance(value, str) else value if isinstance(value, Sequence) else ()
        if any(True for each in texts for _ in clear_text({flag: each})):
            raise UsageError(
                f"{backend}: {flag} is text and would be kept in the state, allowed: $(NAME), "
                "which Kubernetes fills in",
                "every key of the Secret that a deployment is given as secrets= is such a NAME",
            )
        # the parsers take - and _ for the same
        dashed = flag.replace("_", "-")
        taken = next((each for each in ours if each.startswith(dashed)), None)
        if taken:
            raise UsageError(
                f"{backend}: got {flag}, allowed: flags that are not set already",
                f"{taken} follows from {ours[taken]}",
            )


def written(flags: Flags) -> Iterator[str]:
    """The flags as arguments of a process."""
    for flag, value in flags.items():
        yield flag
        if isinstance(value, str):
            yield value
        elif isinstance(value, Sequence):
            yield from value
        elif value is not True:
            yield str(value)


def given(flag: str, value: str | float | None) -> list[str]:
    """A flag with its value; nothing where there is none."""
    return [flag, str(value)] if value else []
