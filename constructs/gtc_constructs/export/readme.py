"""The page of a module: how to apply it, its inputs and its outputs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gtc_constructs.export.module import Module


def readme(name: str, module: Module) -> str:
    """The text of README.md."""
    lines = [
        f"# {name}",
        "",
        "Written by `gtc_constructs.export`; change the program, not this.",
        "",
    ]
    lines += ["```"]
    lines += [
        f"export TF_VAR_{key}=$(terraform -chdir=../{each.folder} output -raw {each.output})"
        for key, each in module.taken.items()
    ]
    secret = [key for key, each in module.variables.items() if each.get("sensitive")]
    lines += [f"export TF_VAR_{key}=…" for key in secret]
    lines += ["export DIGITALOCEAN_TOKEN=…", "terraform init", "terraform apply", "```", ""]
    lines += [
        "State is kept in a file here until you add a `backend` block.",
        "Numbers were checked against each other when this was written, and are no longer:",
        "workers need GPUs, and scalers must not ask for more than there are.",
        "",
        *_table(("input", "type", "default", "what"), _inputs(module)),
        "",
        *_table(("output", "what"), ((f"`{k}`", _says(v)) for k, v in module.outputs.items())),
    ]
    return "\n".join(lines) + "\n"


def _inputs(module: Module) -> Iterable[tuple[str, ...]]:
    for name, each in module.variables.items():
        default = f"`{json.dumps(each['default'])}`" if "default" in each else "required"
        secret = ", secret: in no plan and no state" if each.get("ephemeral") else ""
        yield f"`{name}`", f"`{each['type']}`", default, f"{_says(each)}{secret}"


def _says(each: dict[str, Any]) -> str:
    return str(each.get("description", ""))


def _table(heads: tuple[str, ...], rows: Iterable[Iterable[str]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        "|" + " --- |" * len(heads),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
