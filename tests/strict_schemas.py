"""CRD schemas that refuse unknown fields, as the API server's strict validation does.

As shipped they accept any misspelt field: the API server would drop it without a word.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "schemas"
PACKAGED = ROOT / "rehearsal" / "gtc_rehearsal" / "kube_api" / "crds"
PLURALS = ("dynamographdeployment", "scaledobjects", "queues")

Schemas = dict[tuple[str, str], Any]
"""(group, kind) -> strict schema."""


@cache
def real_crds() -> Schemas:
    """The CRDs as their projects publish them; empty where the folder with them is absent."""
    found = {}
    for file in sorted(file for plural in PLURALS for file in SHARED.rglob(f"*{plural}*.yaml")):
        spec = yaml.load(file.read_text(), yaml.CSafeLoader)["spec"]
        [version] = spec["versions"]
        found[spec["group"], spec["names"]["kind"]] = version["schema"]["openAPIV3Schema"]
    return strict(found)


@cache
def packaged_crds() -> Schemas:
    """The trimmed CRDs that the rehearsal serves."""
    definitions = [
        definition
        for file in PACKAGED.glob("*.json")
        for definition in json.loads(file.read_text())["definitions"]
    ]
    return strict({(one["group"], one["kind"]): one["schema"] for one in definitions})


def schema_of(manifest: dict[str, Any], crds: Schemas) -> Any:
    """The schema of an object's kind."""
    return crds[manifest["apiVersion"].split("/")[0], manifest["kind"]]


def strict(found: Schemas) -> Schemas:
    whole = {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}}
    return {
        key: closed({**schema, "properties": {**schema["properties"], **whole}})
        for key, schema in found.items()
    }


def closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {}
    made = {key: closed(value) for key, value in schema.items()}
    shut = "properties" in made and not made.get("x-kubernetes-preserve-unknown-fields")
    if shut and isinstance(made["properties"], dict) and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return made
