"""Record what the providers say of the types that we use: ``python -m tools.terraform.record``.

Terraform asks the real providers, in the versions of ``gtc_spec.versions``. Kept are the types that
``types.toml`` lists, without descriptions: the classes are made of it, and stacks are held against
it where no provider can be had. With ``--check`` it only compares.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

from gtc_spec.versions import PROVIDERS, Provider

HERE: Final = Path(__file__).resolve().parent
SCHEMAS: Final = HERE / "schemas"
KINDS: Final = {"resources": "resource_schemas", "data": "data_source_schemas"}
Json = dict[str, Any]


def main() -> int:
    """Write or compare what the providers say.

    Returns:
        0, or 1 when something differs.
    """
    said, differs = ask(), 0
    for provider in PROVIDERS:
        text = json.dumps(kept(provider, said), indent=1, sort_keys=True) + "\n"
        path = SCHEMAS / f"{provider.name}.json"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.name} differs from provider {provider.version}")
            differs = 1
            if "--check" not in sys.argv:
                SCHEMAS.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    return differs if "--check" in sys.argv else 0


def ask() -> Json:
    """Everything that the pinned providers can do, as Terraform tells it.

    Raises:
        subprocess.CalledProcessError: Terraform cannot get them.
    """
    wanted = {each.name: {"source": each.address, "version": each.version} for each in PROVIDERS}
    with tempfile.TemporaryDirectory() as folder:
        document = {"terraform": {"required_providers": wanted}}
        (Path(folder) / "main.tf.json").write_text(json.dumps(document))
        _terraform(folder, "init", "-backend=false", "-input=false")
        answer: Json = json.loads(_terraform(folder, "providers", "schema", "-json"))
        schemas: Json = answer["provider_schemas"]
        return schemas


def kept(provider: Provider, said: Json) -> Json:
    """What is recorded of one provider."""
    [schema] = (each for address, each in said.items() if address.endswith(f"/{provider.address}"))
    types = types_of(provider)
    wanted = {kind: types[kind] for kind in KINDS}
    wanted["resources"] = [*wanted["resources"], *types.get("without_class", [])]
    recorded = {
        kind: {name: _without_words(schema[key][name]["block"]) for name in wanted[kind]}
        for kind, key in KINDS.items()
    }
    return {
        "version": provider.version,
        "provider": _without_words(schema["provider"]["block"]),
        **recorded,
    }


def types_of(provider: Provider) -> dict[str, list[str]]:
    """The types of a provider that ``types.toml`` lists."""
    listed: dict[str, dict[str, list[str]]] = tomllib.loads(
        (HERE / "types.toml").read_text(encoding="utf-8")
    )
    return listed[provider.name]


def _without_words(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_words(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_words(each)
        for key, each in value.items()
        if not (key.startswith("description") and isinstance(each, str))
    }


def _terraform(folder: str, *command: str) -> str:
    program = ["terraform", f"-chdir={folder}", *command]
    return subprocess.run(program, check=True, capture_output=True, text=True, timeout=120).stdout


if __name__ == "__main__":
    sys.exit(main())
