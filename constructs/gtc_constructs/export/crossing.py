"""What one stack takes of another: an output there and a variable here.

cdktf writes it as a reference into the other stack's state, which presumes a backend.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gtc_constructs.export.labels import free, identifier, label

STATE: Final = "cross-stack-reference-input-"
"""Begins the name of a state that cdktf reads; the path of the stack is the rest."""
_OUTPUT: Final = "cross-stack-output-"
_VALUE: Final = re.compile(r"\$\{(?:data\.)?[\w-]+\.([\w-]+)\.([\w.\[\]]+)\}")
_REFERENCE: Final = re.compile(
    rf"data\.terraform_remote_state\.{STATE}([\w-]+)\.outputs\.({_OUTPUT}[\w-]+)"
)


@dataclass(frozen=True)
class Told:
    """What a module tells others.

    Attributes:
        folder: Of the module.
        outputs: Readable name of each output by cdktf's.
    """

    folder: str
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Taken:
    """What a variable is filled with.

    Attributes:
        folder: Of the module that tells it.
        output: Name of the output there.
    """

    folder: str
    output: str


def key(path: str) -> str:
    """A stack as references name it, by its path in the program."""
    return re.sub(r"[^A-Za-z0-9_-]", "", path.replace("/", "--"))


def outputs(document: Mapping[str, Any]) -> dict[str, str]:
    """Readable name of what others take of a stack, such as ``cluster_models_host``."""
    told = document.get("output", {})
    found: dict[str, str] = {}
    own = {name for name in told if not name.startswith(_OUTPUT)}
    for name in sorted(told.keys() - own):
        taken = _VALUE.fullmatch(told[name]["value"])
        plain = f"{label(taken[1])}_{taken[2]}" if taken else name.removeprefix(_OUTPUT)
        found[name] = free(identifier(plain), own | set(found.values()))
    return found


def inlined(
    text: str, told: Mapping[str, Told], used: Iterable[str] = ()
) -> tuple[str, dict[str, Taken]]:
    """Put variables in the place of references into other states.

    Args:
        text: A stack, or a part of it.
        told: What each stack tells, by its key.
        used: Variables that the stack has already.

    Returns:
        The text, and what each new variable takes. It has the name of the output; where that is
        used, or two stacks have it, the name of the stack goes before it.
    """
    found = {
        (stack, output): Taken(told[stack].folder, told[stack].outputs[output])
        for stack, output in sorted(set(_REFERENCE.findall(text)))
    }
    wanted = Counter([*used, *(each.output for each in found.values())])
    names: dict[tuple[str, str], str] = {}
    for (stack, output), each in found.items():
        plain = each.output if wanted[each.output] == 1 else identifier(f"{stack}_{each.output}")
        names[stack, output] = free(plain, {*used, *names.values()})
    text = _REFERENCE.sub(lambda match: f"var.{names[match[1], match[2]]}", text)
    return text, {names[place]: each for place, each in found.items()}
