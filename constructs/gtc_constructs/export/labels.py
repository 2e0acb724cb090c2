"""Names that a person can read and Terraform takes: cdktf adds eight letters to each resource."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Mapping
from itertools import count
from typing import Any, Final

_HASH: Final = re.compile(r"_[0-9A-F]{8}$")


def label(unique: str) -> str:
    """The name without what cdktf added."""
    return _HASH.sub("", unique).replace("-", "_")


def identifier(text: str) -> str:
    """The text as the name of a variable or an output, which begins with no digit."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text)
    return f"n_{name}" if name[:1].isdigit() else name


def free(name: str, used: Container[str]) -> str:
    """The name, with a number behind it where it is used."""
    if name not in used:
        return name
    return next(each for n in count(2) if (each := f"{name}_{n}") not in used)


def relabelled(document: Mapping[str, Any], text: str) -> str:
    """The text of a stack with the readable names, where they stay unique."""
    named = [
        unique
        for things in (document.get("resource", {}), document.get("data", {}))
        for each in things.values()
        for unique in each
    ]
    counted = Counter(label(unique) for unique in named)
    for unique in named:
        if _HASH.search(unique) and counted[label(unique)] == 1:
            text = text.replace(unique, label(unique))
    return text
