"""Finds references in synthesised Terraform that lead nowhere, without asking Terraform.

Terraform itself would need its providers for this. Every string of a stack is a template; what
stands between ``${`` and ``}`` must be made of functions, constants and things that the stack has.
"""

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_WORD = r"[A-Za-z_][\w-]*"
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_CALL = re.compile(rf"{_WORD}(?=\()")
_CHAIN = re.compile(rf"(?<![\w.-]){_WORD}(?:\.{_WORD}|\[[^\]]*\]|\.\d+)*")
_CONSTANTS = {"true", "false", "null", "for", "in", "if", "each", "self", "path", "terraform"}


def problems(stack: Json) -> list[str]:
    """Every reference that leads nowhere and every expression that does not end."""
    return [
        f"{where}: {problem}"
        for where, text in strings({key: value for key, value in stack.items() if key != "//"})
        for expression in expressions(text)
        for problem in _unknown(stack, expression)
    ]


def strings(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every string with its path; comments of cdktf are left out."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key != "//":
                yield from strings(key, f"{where}.{key} (key)")
                yield from strings(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from strings(inner, f"{where}[{index}]")


def expressions(text: str) -> Iterator[str]:
    """What stands in each ``${…}``; ``$${`` and ``%%{`` are text; ``%{`` is an error of ours."""
    at = 0
    while at < len(text):
        if text.startswith(("$${", "%%{"), at):
            at += 3
        elif text.startswith("%{", at):
            yield "%{"
            at += 2
        elif text.startswith("${", at):
            end = _end(text, at + 2)
            yield text[at + 2 : end]
            at = end + 1
        else:
            at += 1


def _end(text: str, at: int) -> int:
    """Where the brace closes that was opened before ``at``; quoted braces do not count."""
    depth = 1
    while at < len(text):
        if text[at] == '"':
            quoted = _QUOTED.match(text, at)
            at = quoted.end() if quoted else len(text)
            continue
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at
        at += 1
    return len(text)


def _unknown(stack: Json, expression: str) -> Iterator[str]:
    bare = _CALL.sub("", _QUOTED.sub('""', expression))
    for found in _CHAIN.finditer(bare):
        chain = found[0]
        if not _known(stack, re.sub(r"\[[^\]]*\]", "", chain).split(".")):
            yield f"{chain} in ${{{expression[:80]}}}"
    if expression == "%{":
        yield "an unescaped %{"


def _known(stack: Json, parts: list[str]) -> bool:
    first, *rest = parts
    if first in _CONSTANTS:
        return True
    if first == "var":
        return bool(rest) and rest[0] in stack.get("variable", {})
    if first == "local":
        return bool(rest) and rest[0] in stack.get("locals", {})
    if first == "data":
        return len(rest) >= 2 and rest[1] in stack.get("data", {}).get(rest[0], {})
    return bool(rest) and rest[0] in stack.get("resource", {}).get(first, {})
