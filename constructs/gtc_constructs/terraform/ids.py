"""Which ids a construct may have; cdktf's own refusal is JavaScript, or none at all.

A construct keeps its children in an object of JavaScript, and such an object has these names
already: asking it for a child ``__proto__`` hands out what all objects have in common, after which
no object of the program is told from another. It must not know what the ids are for.
"""

from __future__ import annotations

import re
from typing import Final

from gtc_constructs._cdk import Construct
from gtc_spec.errors import UsageError

_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
INHERITED: Final = frozenset(
    (
        "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "__proto__",
        "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString",
        "toString", "valueOf",
    )
)  # fmt: skip
"""``Object.getOwnPropertyNames(Object.prototype)`` of Node 20."""


def refuse_inherited(place: str, id: str) -> None:
    """Refuse such an id, before JavaScript is asked about it.

    Raises:
        UsageError: It is one.
    """
    if id in INHERITED:
        raise UsageError(
            f"{place}: {id!r} is a word of JavaScript, allowed: any other name",
            "cdktf keeps constructs by name in an object that has this one already",
        )


def check_id(scope: Construct, id: str) -> None:
    """Check the id of a construct that is about to be made.

    Raises:
        UsageError: It is none, or taken.
    """
    place = scope.node.path or "the app"
    refuse_inherited(place, id)
    if not _ID.fullmatch(id):
        raise UsageError(f"{place}: id {id!r}, allowed: A-Z, a-z, 0-9, _ and -")
    if scope.node.try_find_child(id) is not None:
        raise UsageError(f"{place} has a construct {id!r} already, allowed: another id")
