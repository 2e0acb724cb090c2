"""One stack as a Terraform module: its files by name.

Values of Helm charts become files of their own, so that they can be read and compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final, Self

from gtc_constructs.export.crossing import inlined
from gtc_constructs.export.labels import relabelled
from gtc_constructs.export.variables import UNQUOTED, Json, Variables

_ASSET: Final = re.compile(r"assets/([\w-]+)/[0-9A-F]+")
_VARIABLE: Final = re.compile(r"\$\{var\.(\w+)\}")
_REFERENCE: Final = re.compile(r"(?<!\$)\$\{(?!var\.\w+\})")
TAKEN: Final = "output of the same name of the module before"
"""What is said of a variable that another module fills."""
_PARTS: Final = {
    "versions": "terraform",
    "variables": "variable",
    "outputs": "output",
}


@dataclass
class Module:
    """The files of a module.

    Attributes:
        variables: What a house chooses, as Terraform's JSON has it.
        outputs: What the module tells.
        files: Text by path.
        folders: Path in the module by path beside the synthesised stack: charts, boards.
    """

    variables: dict[str, Json] = field(default_factory=dict)
    outputs: dict[str, Json] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, synthesised: Json, crossing: Mapping[str, str]) -> Self:
        """The module of a stack; ``crossing`` names what stacks take of each other."""
        module = cls()
        document: Json = _without_comments(synthesised)
        module.outputs = {
            crossing.get(key, key): _told(each) if key in crossing else each
            for key, each in document.get("output", {}).items()
        }
        document["output"] = module.outputs
        text = relabelled(document, inlined(json.dumps(document), crossing))
        document = json.loads(module._assets(text))
        _forget_states(document)
        found = Variables(dict(document.get("variable", {})))
        found.replace(document)
        for each in sorted(set(crossing.values())):
            if f"var.{each}" in text:
                found.found[each] = {"description": TAKEN, "type": "string", "nullable": False}
        for release in document.get("resource", {}).get("helm_release", {}).values():
            module._values(release, found)
        module.variables = document["variable"] = dict(sorted(found.found.items()))
        module._write(document)
        return module

    def _assets(self, text: str) -> str:
        """Folders beside the stack, under a name without the hash of what they hold."""
        for found in _ASSET.finditer(text):
            self.folders[found[0]] = f"files/{found[1]}"
        for old, new in self.folders.items():
            text = text.replace(old, f"${{path.module}}/{new}")
        return text

    def _values(self, release: Json, found: Variables) -> None:
        """Values of a chart in a file each, with the variables that stand in them."""
        written = []
        for number, given in enumerate(release.get("values", [])):
            values = json.loads(given)
            found.manifests(values)
            quoted = json.dumps(values, indent=2).replace("\\u0000", UNQUOTED)
            text = re.sub(rf'"{UNQUOTED}(\$\{{var\.\w+\}})"', r"\1", quoted)
            if _REFERENCE.search(text):
                written.append(text)  # a file of values knows no resources
                continue
            used = sorted(set(_VARIABLE.findall(text)))
            path = self._free(release, f"-{number + 1}" if number else "")
            self.files[path] = _VARIABLE.sub(r"${\1}", text) + "\n"
            told = ", ".join(f"{each} = var.{each}" for each in used)
            written.append(f'${{templatefile("${{path.module}}/{path}", {{{told}}})}}')
        if written:
            release["values"] = written

    def _free(self, release: Json, end: str) -> str:
        """A file named after the release, and its namespace where another has the same name."""
        path = f"values/{release['name']}{end}.json"
        return path if path not in self.files else path.replace("/", f"/{release['namespace']}-", 1)

    def _write(self, document: Json) -> None:
        parts = {"main": document}
        for file, key in _PARTS.items():
            if part := document.pop(key, None):
                parts[file] = {key: part}
        for file, part in parts.items():
            self.files[f"{file}.tf.json"] = json.dumps(part, indent=2, sort_keys=True) + "\n"


def _without_comments(value: Any) -> Any:
    """Nothing that cdktf notes for itself, and no empty order."""
    if isinstance(value, dict):
        return {
            key: _without_comments(each)
            for key, each in value.items()
            if key != "//" and not (key == "depends_on" and not each)
        }
    return [_without_comments(each) for each in value] if isinstance(value, list) else value


def _forget_states(document: Json) -> None:
    """Backends and other stacks' states are of the house that applies the module."""
    document.get("terraform", {}).pop("backend", None)
    data = document.get("data", {})
    data.pop("terraform_remote_state", None)
    if not data:
        document.pop("data", None)


_OPEN: Final = ("host", "path", "id", "name", "endpoint")


def _told(output: Json) -> Json:
    """An output for another module: cdktf takes each for a secret, an address is none."""
    told = dict(output)
    attribute = PurePosixPath(str(output.get("value", "")).rstrip("}").replace(".", "/")).name
    if attribute.endswith(_OPEN):
        told.pop("sensitive", None)
    return told | {"description": "for the variable of the same name of the next module"}
