"""Synthesised stacks as plain Terraform: modules for houses that want no Python.

What stands in the program as a value becomes a variable with that default; what one stack takes of
another becomes an output here and a variable there, so that any backend will do. It reads what was
written and must not know cdktf.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gtc_constructs.export.crossing import Told, key, outputs
from gtc_constructs.export.module import Module
from gtc_constructs.export.readme import readme
from gtc_spec.arguments import checked
from gtc_spec.errors import UsageError

__all__ = ["export_terraform"]


@checked
def export_terraform(synthesised: Path, folder: Path) -> list[Path]:
    """Write the stacks of an app as Terraform modules in JSON, each with a README.

    ``export_terraform(synthesise(app), Path("terraform"))`` writes ``terraform/1-infra`` and so on,
    in the order in which they are applied. Folders of these names are replaced.

    Args:
        synthesised: The folder that ``synthesise`` returned.
        folder: Where the modules go.

    Returns:
        The folders of the modules, in their order.

    Raises:
        UsageError: Nothing was synthesised there.
    """
    manifest = synthesised / "manifest.json"
    if not manifest.is_file():
        raise UsageError(f"no manifest.json in {synthesised}, allowed: a folder of synthesise")
    made: list[Path] = []
    told: dict[str, Told] = {}
    for stack in _in_order(json.loads(manifest.read_text(encoding="utf-8"))["stacks"]):
        made.append(home := folder / f"{len(made) + 1}-{stack['name']}")
        source = synthesised / stack["synthesizedStackPath"]
        document = json.loads(source.read_text(encoding="utf-8"))
        told[key(stack["constructPath"])] = Told(home.name, outputs(document))
        _write(Module.of(document, told), source.parent, home)
    return made


def _write(module: Module, source: Path, home: Path) -> None:
    """Write a module; what lies beside its stack comes along."""
    shutil.rmtree(home, ignore_errors=True)
    for path, text in module.files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    for folder, target in module.folders.items():
        shutil.copytree(source / folder, home / target)
    (home / "README.md").write_text(readme(home.name, module), encoding="utf-8")


def _in_order(stacks: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is written of each stack, behind those that it depends on."""
    found: dict[str, dict[str, Any]] = {}
    waiting = {each["constructPath"]: each for each in stacks.values()}
    while waiting:
        ready = [
            path for path, each in waiting.items() if found.keys() >= set(each["dependencies"])
        ]
        for path in ready or list(waiting):
            found[path] = waiting.pop(path)
    return list(found.values())
