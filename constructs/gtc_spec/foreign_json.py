"""JSON that somebody else wrote, read with one kind of error whatever is wrong with it.

The standard reader fails on deep nesting with an error that is no `ValueError`, and takes halves of
characters that can be written nowhere again. This module must not know what is read.
"""

from __future__ import annotations

import json
from typing import Any


def read(text: str | bytes) -> Any:
    """The value that a text stands for.

    Raises:
        ValueError: It is not JSON, is nested too deeply, or holds half a character.
    """
    try:
        value = json.loads(text)
        escape = b"\\ud" if isinstance(text, bytes) else "\\ud"
        if escape in text.lower():  # type: ignore[operator]  # both are of one type
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value
