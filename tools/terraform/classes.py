"""Write a class for each resource that the constructs make, from the recorded schemas.

``make docs`` runs it. Arguments are a TypedDict, so that editors and type checkers know them;
attributes can be read as references and set. What the provider itself marks as deprecated is left
out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gtc_spec.versions import PROVIDERS, Provider
from tools.terraform.record import SCHEMAS, types_of

HOME: Final = Path(__file__).resolve().parents[2] / "constructs/gtc_constructs/terraform"
PLAIN: Final = {"string": "str", "number": "float", "bool": "bool"}
GETTERS: Final = {"str": "text()", "float": "number()", "Sequence[str]": "texts()"}
IMPORTED: Final = {
    "collections.abc": ("Mapping", "Sequence"),
    "dataclasses": ("dataclass",),
    "typing": ("Any", "Required", "Unpack"),
    "gtc_constructs._cdk": ("Construct",),
    "gtc_constructs.terraform.element": (
        "Block", "DataSource", "Item", "Items", "Meta", "ProviderBlock",
        "ProviderMeta", "Resource",
        "number", "other", "text", "texts",
    ),
    "gtc_spec.versions": tuple(f"PROVIDER_{each.name.upper()}" for each in PROVIDERS),
}  # fmt: skip
"""Where a generated module takes a name from."""
BASES: Final = {"resources": "Resource", "data": "DataSource", "provider": "ProviderBlock"}
Json = dict[str, Any]


def files() -> dict[Path, str]:
    """Every module with the text that it should have."""
    wanted: dict[Path, str] = {}
    for provider in PROVIDERS:
        schema = json.loads((SCHEMAS / f"{provider.name}.json").read_text(encoding="utf-8"))
        folder = HOME / provider.name
        wanted[folder / "__init__.py"] = f'"""Of provider {provider.name} {provider.version}."""\n'
        wanted[folder / "provider.py"] = module(provider, "provider", "", schema["provider"])
        for kind in ("resources", "data"):
            for name in types_of(provider)[kind]:
                block = schema[kind][name]
                short = name.removeprefix(f"{provider.name}_")
                stem = f"data_{short}" if kind == "data" else short
                wanted[folder / f"{stem}.py"] = module(provider, kind, name, block)
    return _formatted(wanted)


@dataclass
class _Module:
    """The text of one module while it is written.

    Attributes:
        name: Class of the resource; the classes of its blocks begin with it.
        blocks: Their text.
    """

    name: str
    blocks: list[str] = field(default_factory=list)

    def block(self, path: str, arguments: dict[str, str]) -> str:
        """The class of arguments that stand together, written once if blocks are alike."""
        switch = arguments == {"enabled": "bool"}
        name = f"{self.name}{'Switch' if switch else path}"
        lines = [f"{key}: {kind}" for key, kind in arguments.items() if "None" not in kind]
        lines += [f"{key}: {kind} = None" for key, kind in arguments.items() if "None" in kind]
        head = "@dataclass(frozen=True, kw_only=True)\n"
        text = head + _class(name, "Block", "Arguments that stand together.", lines)
        if text not in self.blocks:
            self.blocks.append(text)
        return name

    def items(self, path: str, texts: list[str]) -> str:
        """The class of the objects in a list that the provider fills."""
        name = f"{self.name}{path}"
        lines = [f"{key} = text()" for key in texts]
        self.blocks.append(_class(name, "Item", "An object that the provider fills.", lines))
        return name


def module(provider: Provider, kind: str, type_name: str, schema: Json) -> str:
    """The text of the module of one resource, data source or provider."""
    made = _Module(_class_name(provider, kind, type_name))
    arguments = _arguments(made, "", schema)
    told = [
        f"{name}: {of if 'None' in of else f'Required[{of}]'}" for name, of in arguments.items()
    ]
    attributes = [] if kind == "provider" else list(_attributes(made, schema))
    base = "ProviderMeta" if kind == "provider" else "Meta"
    says = f"Arguments of ``{made.name}``."
    parts = [
        *made.blocks,
        _class(f"{made.name}Arguments", f"{base}, total=False", says, told),
        _class(
            made.name,
            BASES[kind],
            _title(provider, kind, type_name),
            [
                *([] if kind == "provider" else [f'TYPE = "{type_name}"']),
                f"PROVIDER = PROVIDER_{provider.name.upper()}",
                f"ARGUMENTS = {made.name}Arguments",
                "",
                *([*attributes, ""] if attributes else []),
                "def __init__(",
                f"    self, scope: Construct, id: str, **arguments: Unpack[{made.name}Arguments]",
                ") -> None:",
                "    super().__init__(scope, id, arguments)",
            ],
        ),
    ]
    says = f'"""{made.name}, made by ``make docs`` of its provider\'s schema."""'
    head = f"{says}\n\n{_imports(''.join(parts))}"
    return "\n\n\n".join([head, *parts]) + "\n"


def _formatted(wanted: Mapping[Path, str]) -> dict[Path, str]:
    """The same modules as the formatter leaves them."""
    with tempfile.TemporaryDirectory() as folder:
        drafts = {path: Path(folder) / path.relative_to(HOME) for path in wanted}
        for path, draft in drafts.items():
            draft.parent.mkdir(exist_ok=True)
            draft.write_text(wanted[path], encoding="utf-8")
        ruff = str(Path(sys.executable).with_name("ruff"))
        subprocess.run([ruff, "format", "-q", "--line-length=100", folder], check=True, timeout=30)
        return {path: draft.read_text(encoding="utf-8") for path, draft in drafts.items()}


def _class(name: str, base: str, says: str, lines: Iterable[str]) -> str:
    body = [f'"""{says}"""', "", *lines]
    return "\n".join([f"class {name}({base}):", *(f"    {line}".rstrip() for line in body)])


def _imports(text: str) -> str:
    """What a module needs of others, by the names that stand in it."""
    groups = []
    for home, names in IMPORTED.items():
        used = [each for each in names if re.search(rf"\b{each}\b", text)]
        if used:
            line = f"from {home} import {', '.join(used)}"
            groups.append(("\n" if home.startswith("gtc_constructs._cdk") else "") + line)
    return "\n".join(groups)


def _class_name(provider: Provider, kind: str, type_name: str) -> str:
    camel = _camel(type_name.removeprefix(f"{provider.name}_"))
    if kind == "provider":
        return f"{_camel(provider.name)}Provider"
    return f"Data{_camel(provider.name)}{camel}" if kind == "data" else camel


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _title(provider: Provider, kind: str, type_name: str) -> str:
    what = {"resources": "Resource", "data": "Data source", "provider": "Configuration"}[kind]
    return f"{what}{f' ``{type_name}``' if type_name else ''} of provider {provider.name}."


def _arguments(made: _Module, path: str, schema: Json) -> dict[str, str]:
    """Arguments of a block with their Python types; an optional one may be None."""
    found = {}
    for name, each in schema.get("attributes", {}).items():
        given = each.get("required") or each.get("optional")
        if not given or each.get("deprecated") or (not path and name == "id"):
            continue
        found[name] = _optional(_type(made, f"{path}{_camel(name)}", each), each.get("required"))
    for name, each in schema.get("block_types", {}).items():
        inner = _arguments(made, f"{path}{_camel(name)}", each["block"])
        if not inner:
            continue  # filled by the provider alone
        kind = made.block(f"{path}{_camel(name)}", inner)
        if not (each["nesting_mode"] == "single" or each.get("max_items") == 1):
            kind = f"Sequence[{kind}]"
        found[name] = _optional(kind, each.get("min_items"))
    return dict(sorted(found.items()))


def _optional(kind: str, required: object) -> str:
    return kind if required else f"{kind} | None"


def _type(made: _Module, path: str, attribute: Json) -> str:
    if nested := attribute.get("nested_type"):
        kind = made.block(path, _arguments(made, path, nested))
        return kind if nested["nesting_mode"] == "single" else f"Sequence[{kind}]"
    kind = attribute["type"]
    if isinstance(kind, str):
        return PLAIN[kind]
    outer, inner = kind
    of = PLAIN.get(inner, "Any") if isinstance(inner, str) else "Any"
    return f"Mapping[str, {of}]" if outer == "map" else f"Sequence[{of}]"


def _attributes(made: _Module, schema: Json) -> Iterator[str]:
    """What can be read, and set where it is an argument."""
    everything = {**schema.get("attributes", {}), **schema.get("block_types", {})}
    for name, each in sorted(everything.items()):
        if each.get("deprecated"):
            continue
        texts = _texts(each.get("type"))
        if texts:
            yield f"{name} = Items({made.items(_camel(name), texts)})"
        else:
            kind = _type(made, "", each) if "type" in each else ""
            yield f"{name} = {GETTERS.get(kind, 'other()')}"


def _texts(kind: Any) -> list[str]:
    """The strings in the objects of a list."""
    if not isinstance(kind, list) or not isinstance(kind[1], list) or kind[1][0] != "object":
        return []
    return [name for name, of in kind[1][1].items() if of == "string"]
