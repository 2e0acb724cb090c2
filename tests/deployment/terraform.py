"""A stand-in for Terraform where there is none: plans and applies a synthesised stack honestly.

It does to the stand-in account and its cluster what the providers do, in the order of the
dependencies, and keeps its state as Terraform does: written in place after every resource, locked
while it works. What it is making when it is killed it forgets, like the providers.
"""

import fcntl
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.deployment import providers
from tests.deployment.http import Failed

Document = dict[str, Any]
REFERENCE = re.compile(r"\$\{([a-z0-9_]+\.[A-Za-z0-9_-]+)\.([a-z_]+)\}")


def terraform(arguments: list[str]) -> int:
    """One command: init, plan, apply or destroy."""
    if arguments[0] == "version":
        sys.stdout.write(json.dumps({"terraform_version": "1.11.4"}))
        return 0
    at, verb, *_ = arguments
    stack = Stack(Path(at.removeprefix("-chdir=")))
    if verb == "init":
        return 0
    try:
        with stack.locked():
            stack.refuse_without_variables()
            stack.refresh()
            if verb == "destroy":
                stack.destroy()
            else:
                stack.apply(only_plan=verb == "plan")
    except Failed as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


class Stack:
    """One stack and its state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        document = json.loads((folder / "cdk.tf.json").read_text())
        listed = document.get("resource", {})
        self.wanted: dict[str, Document] = {
            f"{kind}.{name}": settings
            for kind, by_name in listed.items()
            for name, settings in by_name.items()
        }
        imports = folder / "imports.tf.json"
        blocks = json.loads(imports.read_text())["import"] if imports.exists() else []
        self.imports = {each["to"]: each["id"] for each in blocks}
        self.asked_for = [
            name for name, each in document.get("variable", {}).items() if "default" not in each
        ]
        self.path = (folder / document["terraform"]["backend"]["local"]["path"]).resolve()
        self.have: dict[str, Document] = {}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the state for this process alone."""
        with self.path.open("a+b") as self._file:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Failed("Error acquiring the state lock") from None
            text = self.path.read_text()
            for each in json.loads(text)["resources"] if text else ():
                (instance,) = each["instances"]
                self.have[f"{each['type']}.{each['name']}"] = instance["attributes"]
            yield

    def refuse_without_variables(self) -> None:
        """Nobody is there to be asked for a value."""
        for name in self.asked_for:
            if not os.environ.get(f"TF_VAR_{name}"):
                raise Failed(f"No value for required variable {name}")

    def write(self) -> None:
        """The state, in place."""
        resources = [
            {"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": have}]}
            for address, have in self.have.items()
            for kind, _, name in [address.partition(".")]
        ]
        self._file.truncate(0)
        self._file.write(json.dumps({"version": 4, "resources": resources}).encode())
        self._file.flush()

    def refresh(self) -> None:
        """Forget what somebody else removed."""
        for address in list(self.have):
            if not providers.of(address).exists(self.have[address]):
                del self.have[address]
        self.write()

    def apply(self, *, only_plan: bool) -> None:
        """Take over, make and change."""
        missing = [each for each in self.wanted if each not in self.have]
        sys.stdout.write(f"Plan: {len(self.imports)} to import, {len(missing)} to add\n")
        for address in [] if only_plan else self.order():
            settings = self.resolved(self.wanted[address])
            provider = providers.of(address)
            if address in self.imports and address not in self.have:
                self.have[address] = provider.adopt(self.imports[address], settings)
            elif address not in self.have:
                sys.stdout.write(f"{address}: Creating...\n")
                sys.stdout.flush()
                self.have[address] = provider.make(settings)
            self.have[address] = provider.change(self.have[address], settings)
            self.write()

    def destroy(self) -> None:
        """End what the state lists, dependents first."""
        for address in [each for each in reversed(self.order()) if each in self.have]:
            sys.stdout.write(f"{address}: Destroying...\n")
            sys.stdout.flush()
            providers.of(address).end(self.have[address])
            del self.have[address]
            self.write()

    def order(self) -> list[str]:
        """Every resource after what it needs."""
        done: list[str] = []

        def visit(address: str) -> None:
            if address in done or address not in self.wanted:
                return
            settings = self.wanted[address]
            references = REFERENCE.findall(json.dumps(settings))
            for needed in (*settings.get("depends_on", ()), *(each for each, _ in references)):
                visit(needed)
            done.append(address)

        for address in self.wanted:
            visit(address)
        return done

    def resolved(self, settings: Document) -> Document:
        """Settings with the attributes of other resources filled in."""

        def value(found: re.Match[str]) -> str:
            attributes = self.have.get(found[1], {})
            return str(attributes.get(found[2], found[0]))

        filled: Document = json.loads(REFERENCE.sub(value, json.dumps(settings)))
        return filled
