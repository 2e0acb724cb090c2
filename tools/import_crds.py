"""Make the schemas of the rehearsal's Kubernetes API from the real definitions.

``python tools/import_crds.py [SOURCE]``, SOURCE defaults to ``../shared/schemas``. Custom resources
come from the projects' own definitions, built-in kinds from the API documents inside the package
`kubernetes-validate`. Everything that describes a pod in full is cut out: it is most of the bytes,
and the rehearsal stores it as it comes. The output is deterministic, and each file names what it
was made from with the sha256.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import yaml

from gtc_spec.versions import KUBERNETES_MINOR

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "rehearsal" / "gtc_rehearsal" / "kube_api" / "crds"
CUSTOM = {
    "dgd": ("dynamo/nvidia.com_dynamographdeployments.yaml", "ai-dynamo/dynamo 110cd568"),
    "dgdsa": (
        "dynamo/nvidia.com_dynamographdeploymentscalingadapters.yaml",
        "ai-dynamo/dynamo 110cd568",
    ),
    "scaledobject": ("keda/keda.sh_scaledobjects.yaml", "kedacore/keda v2.20.2"),
    "queue": ("kai/scheduling.run.ai_queues.yaml", "kai-scheduler/KAI-Scheduler v0.12.10"),
}
"""Output name: file below SOURCE, project and version it is from. All are Apache-2.0."""

KUBERNETES = f"v{KUBERNETES_MINOR}.0"
BUILT_IN = {
    "io.k8s.api.apps.v1.Deployment": "apps",
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler": "autoscaling",
    "io.k8s.api.batch.v1.Job": "batch",
    "io.k8s.api.coordination.v1.Lease": "coordination.k8s.io",
    "io.k8s.api.core.v1.ConfigMap": "",
    "io.k8s.api.core.v1.Event": "",
    "io.k8s.api.core.v1.Namespace": "",
    "io.k8s.api.core.v1.Node": "",
    "io.k8s.api.core.v1.PersistentVolume": "",
    "io.k8s.api.core.v1.PersistentVolumeClaim": "",
    "io.k8s.api.core.v1.Pod": "",
    "io.k8s.api.core.v1.Secret": "",
    "io.k8s.api.core.v1.Service": "",
    "io.k8s.api.core.v1.ServiceAccount": "",
    "io.k8s.api.networking.v1.NetworkPolicy": "networking.k8s.io",
    "io.k8s.api.node.v1.RuntimeClass": "node.k8s.io",
    "io.k8s.api.rbac.v1.Role": "rbac.authorization.k8s.io",
    "io.k8s.api.rbac.v1.RoleBinding": "rbac.authorization.k8s.io",
}
"""Definition: API group."""

OPEN: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
CUT_FIELDS = frozenset({"extraPodSpec", "livenessProbe", "readinessProbe", "autoscaling"})
"""Fields of a DGD service that hold a pod, a probe or an HPA in full."""
POD: dict[str, Any] = {
    **OPEN,
    "properties": {
        name: {"type": "array", "items": OPEN}
        for name in ("containers", "initContainers", "volumes")
    },
    "required": ["containers"],
}
"""What is left of a pod: its lists."""

REASON: dict[str, Any] = {**OPEN, "properties": {"reason": {"type": "string"}}}
CONTAINER_STATUS: dict[str, Any] = {
    **OPEN,
    "properties": {
        "name": {"type": "string"},
        "ready": {"type": "boolean"},
        "restartCount": {"type": "integer"},
        "state": {
            "type": "object",
            "properties": dict.fromkeys(("running", "terminated", "waiting"), REASON),
        },
    },
}
"""What is left of a container's status: what kubectl prints of it."""

REPLACED = {"core.v1.PodSpec": POD, "core.v1.ContainerStatus": CONTAINER_STATUS}
CUT_DEFINITIONS = (
    "core.v1.PodTemplateSpec",
    "core.v1.NodeStatus",
    "meta.v1.ObjectMeta",
)
VOLUME_SOURCE = "VolumeSource"
"""End of the definitions of volumes; all are cut but the share's."""
SHARE = "core.v1.NFSVolumeSource"
MICRO_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$"
"""Kubernetes parses these times with exactly six decimals and refuses everything else."""

KEPT = (
    "type",
    "format",
    "enum",
    "default",
    "pattern",
    "nullable",
    "required",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "anyOf",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
)
DESCRIPTION_LIMIT = 100

Schema = dict[str, Any]


def main(argv: list[str]) -> int:
    """Write every file and return an exit code."""
    source = Path(argv[0]) if argv else ROOT.parent / "shared" / "schemas"
    missing = [file for file, _ in CUSTOM.values() if not (source / file).is_file()]
    if missing:
        print(f"import_crds: {source} lacks {', '.join(missing)}")
        return 2
    TARGET.mkdir(exist_ok=True)
    for name, document in documents(source):
        text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
        (TARGET / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return 0


def documents(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each output file's name and content."""
    for name, (file, origin) in CUSTOM.items():
        content = (source / file).read_bytes()
        provenance = provenance_of(content, f"{origin}: {Path(file).name}")
        yield name, {"provenance": provenance, "definitions": [custom(content)]}
    yield "builtin", built_in()


def provenance_of(content: bytes, origin: str) -> dict[str, str]:
    """Where a file's content comes from."""
    return {
        "origin": origin,
        "sha256": hashlib.sha256(content).hexdigest(),
        "imported_by": "tools/import_crds.py",
        "license": "Apache-2.0",
    }


def custom(content: bytes) -> dict[str, Any]:
    """The definition inside a CustomResourceDefinition file."""
    definition = next(document for document in yaml.safe_load_all(content) if document)
    spec = definition["spec"]
    version = next(version for version in spec["versions"] if version["storage"])
    return {
        "group": spec["group"],
        "kind": spec["names"]["kind"],
        "columns": version.get("additionalPrinterColumns", []),
        "schema": without_type_and_metadata(trimmed(version["schema"]["openAPIV3Schema"], {})),
    }


def built_in() -> dict[str, Any]:
    """The definitions of the kinds that Kubernetes itself serves."""
    package = Path(kubernetes_validate.__file__).parent
    path = package / "kubernetes-json-schema" / f"{KUBERNETES}-local" / "_definitions.json"
    content = path.read_bytes()
    known = json.loads(content)["$defs"]
    return {
        "provenance": provenance_of(content, f"kubernetes {KUBERNETES}: API definitions"),
        "definitions": [
            {
                "group": group,
                "kind": name.rsplit(".", 1)[1],
                "schema": built_in_schema(known[name], known),
            }
            for name, group in BUILT_IN.items()
        ],
    }


def built_in_schema(schema: Schema, known: dict[str, Schema]) -> Schema:
    """A built-in kind; the server never insists on a field of its status."""
    small = without_type_and_metadata(trimmed(schema, known))
    if "status" in small["properties"]:
        small["properties"]["status"] = without_required(small["properties"]["status"])
    return small


def without_type_and_metadata(schema: Schema) -> Schema:
    """A kind's schema less the fields that the server looks after itself."""
    for name in ("apiVersion", "kind", "metadata"):
        schema["properties"].pop(name, None)
    if "required" in schema:
        schema["required"] = [name for name in schema["required"] if name in schema["properties"]]
    return schema


def without_required(schema: Any) -> Any:
    """A schema in which no field must be there."""
    if isinstance(schema, dict):
        return {
            key: without_required(value)
            for key, value in schema.items()
            if not (key == "required" and isinstance(value, list))
        }
    return schema


def trimmed(schema: Schema, known: dict[str, Schema]) -> Schema:
    """A schema with its references resolved, its pods cut out and its words shortened.

    Args:
        schema: A schema of a CustomResourceDefinition or of the Kubernetes API documents.
        known: Definitions that `$ref` may name.
    """
    if reference := schema.get("$ref"):
        return resolved(reference.rsplit("/", 1)[1], known)
    small = {key: schema[key] for key in KEPT if key in schema}
    if isinstance(small.get("type"), list):
        small["type"] = next(kind for kind in small["type"] if kind != "null")
    if description := shortened(schema.get("description", "")):
        small["description"] = description
    if "properties" in schema:
        small["properties"] = {
            name: OPEN if name in CUT_FIELDS else trimmed(child, known)
            for name, child in schema["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            small[key] = trimmed(schema[key], known)
    return small


def resolved(name: str, known: dict[str, Schema]) -> Schema:
    """A named definition of the Kubernetes API, written out."""
    for replaced, small in REPLACED.items():
        if name.endswith(replaced):
            return small
    if name.endswith((*CUT_DEFINITIONS, VOLUME_SOURCE)) and not name.endswith(SHARE):
        return OPEN
    if name.endswith(".MicroTime"):
        return {"type": "string", "format": "date-time", "pattern": MICRO_TIME}
    if name.endswith((".IntOrString", ".Quantity")):
        return {"x-kubernetes-int-or-string": True}
    return trimmed(known[name], known)


def shortened(description: str) -> str:
    """The first sentence, or nothing when it is long."""
    sentence = " ".join(description.split()).split(". ")[0].rstrip(".")
    return sentence if len(sentence) <= DESCRIPTION_LIMIT else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
