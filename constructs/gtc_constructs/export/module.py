"""One stack as a Terraform module: its files by name.

Values of Helm charts become files of their own, so that they can be read and compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final, Self

from gtc_constructs.export.choices import Json
from gtc_constructs.export.crossing import STATE, Taken, Told, inlined, outputs
from gtc_constructs.export.labels import free, relabelled
from gtc_constructs.export.variables import UNQUOTED, Variables

_ASSET: Final = re.compile(r"assets/([\w-]+)/[0-9A-F]+")
_VARIABLE: Final = re.compile(r"(?<!\$)\$\{var\.(\w+)\}")
_REFERENCE: Final = re.compile(r"(?<!\$)\$\{(?!var\.\w+\})")
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
        taken: Of which module's output a variable is filled, by its name.
        files: Text by path.
        folders: Path in the module by path beside the synthesised stack: charts, boards.
    """

    variables: dict[str, Json] = field(default_factory=dict)
    outputs: dict[str, Json] = field(default_factory=dict)
    taken: dict[str, Taken] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, synthesised: Json, told: Mapping[str, Told]) -> Self:
        """The module of a stack; ``told`` is what this and earlier stacks tell, by their keys."""
        module = cls()
        names, own = outputs(synthesised), synthesised.get("variable", {})
        document = synthesised | {
            "output": {
                names.get(key, key): _told(each) if key in names else each
                for key, each in synthesised.get("output", {}).items()
            }
        }
        text, module.taken = inlined(json.dumps(document), told, own)
        document = json.loads(module._assets(relabelled(document, text)))
        _forget_states(document)
        found = Variables(document.get("variable", {}) | _needed(module.taken))
        found.stack(document)
        charts = [
            (release, [_parsed(release, each, found) for each in release.get("values", [])])
            for release in document.get("resource", {}).get("helm_release", {}).values()
        ]
        found.settle()
        for release, values in charts:
            module._values(release, values)
        document["variable"] = dict(sorted(found.found.items()))
        document = _without_comments(document)
        module.variables, module.outputs = document["variable"], document["output"]
        module._write(document)
        return module

    def _assets(self, text: str) -> str:
        """Folders beside the stack, under a name without the hash of what they hold."""
        for found in _ASSET.finditer(text):
            self.folders[found[0]] = f"files/{found[1]}"
        for old, new in self.folders.items():
            text = text.replace(old, f"${{path.module}}/{new}")
        return text

    def _values(self, release: Json, charts: Sequence[Any]) -> None:
        """Values of a chart in a file each, with the variables that stand in them."""
        written = []
        for number, values in enumerate(charts):
            if isinstance(values, str):
                written.append(values)
                continue
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
        plain = f"values/{release['name']}{end}"
        if f"{plain}.json" in self.files:
            plain = plain.replace("/", f"/{_namespace(release)}-", 1)
        return free(plain, {path.removesuffix(".json") for path in self.files}) + ".json"

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
    states = data.pop("terraform_remote_state", {})
    if own := {name: each for name, each in states.items() if not name.startswith(STATE)}:
        data["terraform_remote_state"] = own
    if not data:
        document.pop("data", None)


def _needed(taken: Mapping[str, Taken]) -> Json:
    return {
        name: {
            "description": f"output {each.output} of {each.folder}",
            "type": "string",
            "nullable": False,
        }
        for name, each in taken.items()
    }


def _parsed(release: Json, text: str, found: Variables) -> Any:
    """Values of a chart, whose choices are offered; text that is no JSON is left as it is."""
    try:
        values = json.loads(text)
    except ValueError:
        return text
    if isinstance(values, dict):
        found.manifests(values, _namespace(release))
    return values


def _namespace(release: Json) -> str:
    return str(release.get("namespace", "default"))


_OPEN: Final = ("host", "path", "id", "name", "endpoint")


def _told(output: Json) -> Json:
    """An output for another module: cdktf takes each for a secret, an address is none."""
    told = dict(output)
    attribute = PurePosixPath(str(output.get("value", "")).rstrip("}").replace(".", "/")).name
    if attribute.endswith(_OPEN):
        told.pop("sensitive", None)
    return told | {"description": "taken by later modules, as their pages say"}
