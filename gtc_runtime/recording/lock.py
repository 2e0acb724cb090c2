"""Whose file still grows: a recorder locks the one that it writes, and the kernel unlocks it.

The lock ends with the process, however that ends. It must not know what is in a file.
"""

from __future__ import annotations

import fcntl
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def lock(file: BinaryIO) -> None:
    """Mark a file as being written, until it is closed; nothing where there are no locks."""
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)


def is_locked(path: Path) -> bool:
    """Whether some process writes a file now.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            return False
    return False
