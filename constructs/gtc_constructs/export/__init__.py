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

from gtc_constructs.export.crossing import crossings
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
    stacks = _in_order(json.loads(manifest.read_text(encoding="utf-8"))["stacks"])
    documents = {
        name: json.loads((synthesised / path).read_text(encoding="utf-8"))
        for name, path in stacks.items()
    }
    crossing = crossings(documents)
    made = []
    for number, (name, document) in enumerate(documents.items(), start=1):
        module = Module.of(document, crossing)
        made.append(home := folder / f"{number}-{name}")
        shutil.rmtree(home, ignore_errors=True)
        for path, text in module.files.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(text, encoding="utf-8")
        for source, target in module.folders.items():
            shutil.copytree((synthesised / stacks[name]).parent / source, home / target)
        earlier = [path.name for path in made[:-1]]
        (home / "README.md").write_text(readme(home.name, module, earlier), encoding="utf-8")
    return made


def _in_order(stacks: Mapping[str, Any]) -> dict[str, str]:
    """File of each stack by its name, behind those that it depends on."""
    found: dict[str, str] = {}
    waiting = dict(stacks)
    while waiting:
        ready = [
            name for name, each in waiting.items() if found.keys() >= set(each["dependencies"])
        ]
        for name in ready or list(waiting):
            found[name] = waiting.pop(name)["synthesizedStackPath"]
    return found
