"""Values that become variables, and what each variable is called.

A name is given once all values are known: two clusters have two sizes, and neither may take the
name that would hold for both. It must not know which values there are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from gtc_constructs.export.labels import free, identifier

Json = dict[str, Any]


@dataclass
class Choice:
    """One value in its place.

    Attributes:
        block: What holds it, under ``key``.
        name: Of its variable, where no other value has the same.
        kind: Its type, as Terraform says it.
        says: Description of the variable.
        default: The value.
        owner: Goes before the name where others have the same.
        shared: Equal values everywhere are one choice, and so are those of one ``shared`` where
            others differ; nothing says that the value is a choice of its own.
        frame: What stands around the variable.
    """

    block: Json
    key: str
    name: str
    kind: str
    says: str
    default: Any
    owner: str
    shared: str | None = None
    frame: str = "{}"


@dataclass
class Choices:
    """The variables of one module.

    Attributes:
        found: Variable by name, as Terraform's JSON has it; those of the program at first.
    """

    found: dict[str, Json] = field(default_factory=dict)
    _offered: list[Choice] = field(default_factory=list)

    def offer(self, choice: Choice) -> None:
        """Take a value, unless it follows from something else: a default cannot."""
        if "${" not in json.dumps(choice.default):
            self._offered.append(choice)

    def settle(self) -> None:
        """Put a variable in the place of each value."""
        named: dict[str, list[Choice]] = {}
        for each in self._offered:
            named.setdefault(identifier(each.name), []).append(each)
        for name, choices in named.items():
            groups = _alike(choices)
            is_plain = len(groups) == 1 and name not in self.found
            for group in groups:
                owner = "" if is_plain else group[0].owner
                self._make(group, owner)

    def _make(self, group: list[Choice], owner: str) -> None:
        first = group[0]
        wanted = f"{owner}_{first.name}" if owner else first.name
        name = free(identifier(wanted), self.found)
        says = f"{owner}: {first.says}" if owner else first.says
        variable: Json = {"description": says, "type": first.kind, "default": first.default}
        if first.kind == "number":
            variable["validation"] = [
                {
                    "condition": f"${{var.{name} >= 0}}",
                    "error_message": f"{name} is a number from 0 on.",
                }
            ]
        self.found[name] = {**variable, "nullable": False}
        for each in group:
            each.block[each.key] = each.frame.replace("{}", f"${{var.{name}}}")


def _alike(choices: list[Choice]) -> list[list[Choice]]:
    """The values by choice."""
    differ = len({json.dumps(each.default) for each in choices}) > 1
    groups: dict[object, list[Choice]] = {}
    for number, each in enumerate(choices):
        among = (each.shared if differ else "", json.dumps(each.default))
        groups.setdefault(number if each.shared is None else among, []).append(each)
    return list(groups.values())
