"""Secrets that stand as text in what is about to be written down, found by what they are called.

Values of charts, manifests and flags of a process end up in the synthesised files and in
Terraform's state. Names tell: ``adminPassword``, ``client_secret``, ``GF_DATABASE_PASSWORD``,
``--api-key``. A name *of* a Secret or of a key inside one (``existingSecret``, ``secretName``,
``passwordKey``) is none. This module must not know any chart or engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ALONE: Final = frozenset({"apikey", "passphrase", "passwd", "password", "pwd", "token"})
"""Last words of a name that is a secret's own, whatever stands before."""
_PAIRS: Final = frozenset(
    {
        "access secret", "api key", "app secret", "client secret", "cookie secret", "private key",
        "secret access key", "session secret", "shared secret", "signing key", "signing secret",
    }
)  # fmt: skip
_SNAKE: Final = frozenset({"secret key"})
"""Only where it is no camelCase: ``secretKey`` in a chart is the key inside a Secret."""
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*_SECRET")
"""A variable of the environment holds what it is called."""
_NO_SECRET: Final = re.compile(
    r"^--no-|agent-inject-|disable|allow[-_]?empty|(^|_)((IMAGE_)?PULL|TLS|EXISTING)_SECRET$", re.I
)
"""Switches, where Vault's agent finds a secret, and variables with the name of a Secret."""
_REFERENCE: Final = re.compile(
    r"\$(__\w+\{[^{}]+\}|\{[A-Za-z_]\w*(:?[-+=?][^{}]*)?\}|[A-Z_][A-Z0-9_]*)"
)
"""Filled in where it is read: by Grafana, ``$__file{…}``, or by a shell, ``${NAME:-x}``."""
_WITHIN: Final = re.compile(r"\$\(\w+\)|\{\{")
"""Filled in within a text: by Kubernetes, ``Bearer $(NAME)``, or by a template, ``{{ .name }}``."""
_NOT_GIVEN: Final = re.compile(r"(?i:|true|false|yes|no|on|off|0|1)|/[a-z][a-z0-9_.-]*/\S+")
"""Nothing, a switch, or the path of a file."""
_IN_URL: Final = re.compile(
    r"""[a-z][a-z0-9+.-]*://[^\s/:@"',;?#]*:([^\s/@"',;?#]+)@(?!sha\d+:)""", re.I
)
"""Neither the port of a URL that ends before an @, nor the tag of an image with a digest."""


def clear_text(value: Any, path: str = "") -> Iterator[str]:
    """Where a document of mappings, lists and texts holds a secret as text.

    Args:
        value: The document.
        path: What to call it. Default: nothing.
    """
    if isinstance(value, Mapping):
        name = value.get("name")
        for key, each in value.items():
            if key == "encryptedData":  # of a SealedSecret
                continue
            here = f"{path}.{key}".lstrip(".")
            if key == "value" and isinstance(name, str):  # a variable of a container
                yield from _held(name, each, f"{path}.{name}")
            else:
                yield from _held(str(key), each, here)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from clear_text(each, f"{path}[{number}]")
        yield from _in_arguments(value, path)
    elif isinstance(value, str) and has_password(value):
        yield path


def names_secret(name: str) -> bool:
    """Whether what is called so is a secret itself."""
    if _NO_SECRET.search(name):
        return False
    words = [each.lower() for each in _WORDS.findall(name)]
    ends = {" ".join(words[-count:]) for count in (1, 2, 3)}
    if ends & (_ALONE | _PAIRS) or _VARIABLE.fullmatch(name):
        return True
    return bool(ends & _SNAKE) and not re.search(r"[a-z][A-Z]", name)


def has_password(text: str) -> bool:
    """Whether a URL in it has a password before its host."""
    return any(not _is_filled_in(found[1]) for found in _IN_URL.finditer(text))


def _held(name: str, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str) and names_secret(name):
        if _is_given(value):
            yield path
    else:
        yield from clear_text(value, path)


def _is_given(value: str) -> bool:
    return not (_NOT_GIVEN.fullmatch(value) or _is_filled_in(value))


def _is_filled_in(value: str) -> bool:
    return bool(_REFERENCE.fullmatch(value) or _WITHIN.search(value))


def _in_arguments(arguments: list[Any] | tuple[Any, ...], path: str) -> Iterator[str]:
    """Flags of a process: ``--api-key=…``, or ``--api-key`` and then the value."""
    for flag, following in pairwise([*arguments, None]):
        if not (isinstance(flag, str) and flag.startswith("-")):
            continue
        name, joined, value = flag.partition("=")
        if not joined:
            value = following if isinstance(following, str) and following[:1] != "-" else ""
        if names_secret(name) and _is_given(value):
            yield f"{path} {name}"
