"""A part on its way out: given to the HTTP client without a copy, in pieces that are worth a call.

The client asks for 16 KiB at a time, and every such piece costs it a turn of the interpreter. This
module must not know the store.
"""

from __future__ import annotations

import os
from typing import Final

SEND_BYTES: Final = 2**20
"""Given at a time. One piece must leave within the client's timeout over a slow line too."""


class PartBody:
    """A file to read, over bytes that stay where they are.

    Args:
        content: The part.
    """

    def __init__(self, content: memoryview) -> None:
        self._content, self._at = content, 0

    def __len__(self) -> int:
        return len(self._content)

    def read(self, size: int = -1) -> memoryview:
        """The next bytes, more than asked for; empty at the end."""
        end = len(self) if size < 0 else self._at + max(size, SEND_BYTES)
        piece = self._content[self._at : end]
        self._at += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a byte; a part that is repeated begins anew."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self)}[whence]
        return self._at

    def tell(self) -> int:
        """Bytes that were read."""
        return self._at
