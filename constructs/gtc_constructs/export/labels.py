"""Names of resources that a person can read: cdktf adds eight letters to each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

_HASH: Final = re.compile(r"_[0-9A-F]{8}$")


def label(unique: str) -> str:
    """The name without what cdktf added."""
    return _HASH.sub("", unique).replace("-", "_")


def relabelled(document: Mapping[str, Any], text: str) -> str:
    """The text of a stack with the readable names, where they stay unique."""
    named = [
        unique
        for things in (document.get("resource", {}), document.get("data", {}))
        for each in things.values()
        for unique in each
        if _HASH.search(unique)
    ]
    counted = Counter(label(unique) for unique in named)
    for unique in named:
        if counted[label(unique)] == 1:
            text = text.replace(unique, label(unique))
    return text
