"""What ends the program, with what exit code, and how bytes and causes are written.

It must not know the hub or the share.
"""

from __future__ import annotations

import sys
from typing import Final


class RefusedError(Exception):
    """What no repetition mends: the job ends at once."""

    exit_code: Final = 1


class UnreachableError(Exception):
    """The hub does not answer, or not to its end.

    Attributes:
        pause_s: How long it wants to be left in peace, seconds; 0 when it did not say.
    """

    exit_code: Final = 3

    def __init__(self, message: str, pause_s: float = 0.0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class WrongBytesError(Exception):
    """What came is not what the hub lists."""


def say(line: str) -> None:
    """Tell whoever reads the log of the pod."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def why(error: BaseException) -> str:
    """Cause of a failure in a few words."""
    return str(getattr(error, "reason", "") or error or type(error).__name__).lower()


def gigabytes(size_bytes: float) -> str:
    """A size for a person."""
    return f"{size_bytes / 1e9:.2f} GB"
