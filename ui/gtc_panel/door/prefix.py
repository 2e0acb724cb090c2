"""The path below which a proxy serves the panel; it is written into every page."""

from __future__ import annotations

import re
from typing import Final

_PREFIX: Final = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,62}){1,8}")


def is_prefix(value: str) -> bool:
    """Whether it is a plain path, which no browser takes for another server's address."""
    return _PREFIX.fullmatch(value) is not None
