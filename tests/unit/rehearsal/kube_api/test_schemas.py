"""The packaged definitions are the real ones, only smaller."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gtc_rehearsal.kube_api import schemas
from gtc_rehearsal.kube_api.resources import (
    COMPONENT,
    DGD,
    DGDSA,
    LEASE,
    POD,
    POD_CLIQUE_SET,
    POD_MONITOR,
    RESOURCES,
    SCALED_OBJECT,
)
from gtc_rehearsal.kube_api.storage.rules import MIN_ABOVE_MAX, PVC_INCOMPLETE

ROOT = Path(__file__).resolve().parents[4]
FOLDER = ROOT / "rehearsal" / "gtc_rehearsal" / "kube_api" / "crds"
SOURCES = ROOT.parent / "shared" / "schemas"
FILES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
SIZE_LIMIT_BYTES = 170_000


def rules_in(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {rule for item in schema for rule in rules_in(item)}
    if not isinstance(schema, dict):
        return set()
    here = {rule["message"] for rule in schema.get("x-kubernetes-validations", [])}
    return here | {rule for value in schema.values() for rule in rules_in(value)}


def test_every_kind_has_a_packaged_schema_but_those_that_are_stored_as_they_come() -> None:
    packaged = {(d["group"], d["kind"]) for file in FILES.values() for d in file["definitions"]}

    open_ = {POD_MONITOR, COMPONENT, POD_CLIQUE_SET}
    checked = [resource for resource in RESOURCES if resource not in open_]
    assert packaged == {(resource.group, resource.kind) for resource in checked}


def test_the_definitions_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < SIZE_LIMIT_BYTES


def test_every_rule_in_the_definitions_is_enforced() -> None:
    assert set().union(*(rules_in(file["definitions"]) for file in FILES.values())) == {
        MIN_ABOVE_MAX,
        PVC_INCOMPLETE,
    }


@pytest.mark.parametrize("name", [name for name in FILES if name != "builtin"])
def test_a_definition_is_made_from_the_present_source(name: str) -> None:
    provenance = FILES[name]["provenance"]
    found = list(SOURCES.rglob(provenance["origin"].split(": ")[1]))
    if not found:
        pytest.skip(f"{SOURCES} is not there")

    assert hashlib.sha256(found[0].read_bytes()).hexdigest() == provenance["sha256"]


def test_a_field_that_is_not_in_the_schema_is_pruned_with_its_path() -> None:
    obj = {
        "metadata": {"name": "x", "owner": "me"},
        "spec": {
            "scaleTargetRef": {"name": "x"},
            "triggers": [{"type": "cron", "metadata": {"any": "key"}, "typo": 1}],
        },
    }

    removed = schemas.prune(SCALED_OBJECT, obj)

    assert sorted(removed) == ["metadata.owner", "spec.triggers[0].typo"]
    assert obj["spec"]["triggers"] == [{"type": "cron", "metadata": {"any": "key"}}]


def test_a_pod_inside_a_graph_is_stored_as_it_comes() -> None:
    pod = {"mainContainer": {"image": "x", "command": ["y"]}, "anything": {"at": "all"}}
    obj = {"spec": {"services": {"Decode": {"replicas": 1, "extraPodSpec": pod, "typo": 1}}}}

    assert schemas.prune(DGD, obj) == ["spec.services.Decode.typo"]
    assert obj["spec"]["services"]["Decode"]["extraPodSpec"] == pod


def test_nulls_of_built_in_kinds_count_as_absent() -> None:
    lease = {"spec": {"holderIdentity": None, "leaseDurationSeconds": 15}}

    schemas.prune(LEASE, lease)

    assert lease == {"spec": {"leaseDurationSeconds": 15}}


def test_columns_come_with_the_definition() -> None:
    columns = schemas.printer_columns(DGDSA)

    assert columns
    assert [column["name"] for column in columns] == ["DGD", "SERVICE", "REPLICAS", "AGE"]
    assert schemas.printer_columns(POD) is None
