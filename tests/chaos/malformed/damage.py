"""Damages valid input: its bytes, or the values in it. Everything is drawn from the `Random` given.

It knows no kind of input; what it does to text happens to files that were cut, copied by another
editor or written by somebody who guessed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

DEEP = 5000
HUGE = 200_000
ODD_TEXT = (
    "", " ", "\t", "\n", "\0", "\x1b[31m", "\r\n", "a\nb", "\u2028", "\u202e", "\ufeff", "é" * 300,
    "x" * HUGE, "-1", "0", "1e999", "NaN", "true", "null", "../../etc", "%s%n", "{}", "${HOME}",
    "2026-13-45", "2026-01-01", "9" * 5000, "🙂", "a=b", "'", '"', "\\", "4P:3D", "-0P:0D", "40/30",
    "100/100/100", "http://", "http://[", "http://h:99999999", "file:///etc/passwd", "+8h", "+9e9d",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, -0.0, 1e308, 10**30, 10**400, float("inf"), float("-inf"),
    float("nan"), [], {}, [[]], [None], {"": None}, {"a": {}}, "\ud800", [1, "a", None], *ODD_TEXT,
)  # fmt: skip
_ODD_BYTES = (
    b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\x00", b"\x1b[2J", b"\t", b"\r", b"\n\n",
    b"\xef\xbb\xbf", b"\x85", b"\xe2\x80\xa8", b"NaN", b"Infinity", b"-Infinity", b"1e999",
    b"9" * 5000, b"null", b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b"\\ud800", b"\\u0000", b"#",
    b":", b",", b"=", b"&a *a", b"a: &a [1]\nb: *a\n", b"a: !!python/object:os.system", b"<html>",
    b"%", b"0x", b"1_000",
    b"2026-13-45", b"data: ", b"[" * DEEP, b'{"a":' * DEEP, b"[[[" * 50, b"- " * DEEP, b"x" * HUGE,
)  # fmt: skip


def damaged(random: Random, data: bytes) -> bytes:
    """The bytes with one to three kinds of damage."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(_DAMAGE)(random, data)
    return data


def odd_value(random: Random, deepest: int = DEEP) -> Any:
    """Some value that is hardly ever what is wanted."""
    if random.random() < 0.03:
        return nested(min(deepest, random.choice((50, 500, DEEP))))
    return copy.deepcopy(random.choice(ODD_VALUES))


def nested(depth: int) -> Any:
    """A list in a list in a list."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def spoilt(random: Random, value: Any, deepest: int = DEEP) -> Any:
    """A copy of a JSON value in which one to three places are something else."""
    found = copy.deepcopy(value)
    for _ in range(random.choice((1, 1, 2, 3))):
        found = _spoil(random, found, deepest)
    return found


def as_json(value: Any) -> bytes:
    """JSON as careless writers send it: NaN, half characters, anything nested."""
    try:
        return json.dumps(value, ensure_ascii=True).encode()
    except RecursionError:
        return b"[" * DEEP + b"]" * DEEP


def _spoil(random: Random, value: Any, deepest: int) -> Any:
    """Walk down to some place and do something to it there."""
    inside = value and isinstance(value, (dict, list))
    if not inside or random.random() < 0.12:
        return odd_value(random, deepest)
    if isinstance(value, dict):
        key = random.choice(list(value))
        chance = random.random()
        if chance < 0.1:
            del value[key]
        elif chance < 0.15:
            value[random.choice(ODD_TEXT)] = value.pop(key)
        elif chance < 0.2:
            value[random.choice(ODD_TEXT)] = odd_value(random, deepest)
        else:
            value[key] = _spoil(random, value[key], deepest)
        return value
    place = random.randrange(len(value))
    chance = random.random()
    if chance < 0.1:
        del value[place]
    elif chance < 0.2:
        value.insert(place, value[place])
    else:
        value[place] = _spoil(random, value[place], deepest)
    return value


def _place(random: Random, data: bytes) -> tuple[int, int]:
    first, last = sorted(random.randrange(len(data) + 1) for _ in range(2))
    return first, min(last, first + 400)


def _cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _without(random: Random, data: bytes) -> bytes:
    first, last = _place(random, data)
    return data[:first] + data[last:]


def _twice(random: Random, data: bytes) -> bytes:
    first, last = _place(random, data)
    return data[:last] + data[first:last] + data[last:]


def _line_twice(random: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    place = random.randrange(len(lines))
    return b"".join([*lines[:place], lines[place], *lines[place:]])


def _insert(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice(_ODD_BYTES) + data[place:]


def _replace(random: Random, data: bytes) -> bytes:
    first, last = _place(random, data)
    return data[:first] + random.choice(_ODD_BYTES) + data[min(last, first + 12) :]


def _flip(random: Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(random.randint(1, 8) if found else 0):
        found[random.randrange(len(found))] ^= 1 << random.randrange(8)
    return bytes(found)


def _other_encoding(random: Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-16", "utf-8-sig", "utf-32-le", "cp037")), "replace")


def _other_spaces(random: Random, data: bytes) -> bytes:
    wanted = random.choice(((b"  ", b"\t"), (b"\n", b"\r\n"), (b"\n", b"\r"), (b" ", b"\xc2\xa0")))
    return data.replace(*wanted)


def _something_else(random: Random, data: bytes) -> bytes:
    return random.choice((b"", b"\n", b"{}", b"[]", b"null", b"\x00" * 64, random.randbytes(64)))


def _token(random: Random, data: bytes) -> bytes:
    """One number or word is another one."""
    separators = b"=:,[]{} \n"
    starts = [at for at in range(1, len(data)) if data[at - 1] in separators] or [0]
    first = random.choice(starts)
    last = first
    while last < len(data) and data[last] not in separators:
        last += 1
    return data[:first] + random.choice(_ODD_BYTES) + data[last:]


_DAMAGE: tuple[Callable[[Random, bytes], bytes], ...] = (
    _cut, _without, _twice, _line_twice, _insert, _insert, _replace, _flip, _other_encoding,
    _other_spaces, _something_else, _token, _token, _token,
)  # fmt: skip
