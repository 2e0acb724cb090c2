"""A real API server for the contract: one that is built here, or one that KUBECONFIG names.

The first is started from the programs of `make control-plane` and is what ``-m control_plane``
means; the second is used under ``-m cluster``. Either must be without the demo's namespaces, which
are made, used and removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gtc_rehearsal.kube_api import schemas
from gtc_rehearsal.kube_api.resources import RESOURCES, Resource
from gtc_spec import names
from tests.control_plane import api_server
from tools.control_plane import cache

NAMESPACES = (
    names.NAMESPACE_WORKLOAD, names.NAMESPACE_PANEL, names.NAMESPACE_PLATFORM,
    names.NAMESPACE_MONITORING, names.NAMESPACE_KEDA,
)  # fmt: skip

PATIENT = pytest.mark.timeout(240)
"""The first test waits for the server's start too."""
PLACES = (
    "rehearsal",
    pytest.param("control_plane", marks=[pytest.mark.control_plane, PATIENT]),
    pytest.param("given", marks=[pytest.mark.cluster, PATIENT]),
)
"""Where a contract holds: always here, and in either place where a real API server is."""


@dataclass(frozen=True)
class RealCluster:
    """A kubeconfig of an administrator, and where the cluster answers without credentials."""

    kubeconfig: Path
    url: str


def of(request: pytest.FixtureRequest) -> RealCluster:
    """The real cluster of the place that a fixture was asked for."""
    reached: RealCluster = request.getfixturevalue(f"real_{request.param}")
    return reached


@contextlib.contextmanager
def built(folder: Path) -> Iterator[RealCluster]:
    """A control plane that was built here, with our kinds and namespaces in it."""
    programs = cache.found(cache.SERVER)
    if isinstance(programs, str):
        pytest.skip(programs)
    with (
        api_server.started(programs, folder) as server,
        prepared(server.kubeconfig) as reached,
    ):
        yield reached


@contextlib.contextmanager
def given() -> Iterator[RealCluster]:
    """The cluster that KUBECONFIG names, with our kinds and namespaces in it."""
    kubeconfig = os.environ.get("KUBECONFIG")
    if not kubeconfig:
        pytest.skip("KUBECONFIG names no real cluster")
    with prepared(Path(kubeconfig)) as reached:
        yield reached


@contextlib.contextmanager
def prepared(kubeconfig: Path) -> Iterator[RealCluster]:
    """A cluster with our kinds and namespaces in it, until the block ends."""
    _define(kubeconfig)
    with _namespaces(kubeconfig), _proxied(kubeconfig) as url:
        yield RealCluster(kubeconfig, url)


@contextlib.contextmanager
def _proxied(kubeconfig: Path) -> Iterator[str]:
    """Base URL of `kubectl proxy`, which knows the credentials."""
    command = ["kubectl", "--kubeconfig", str(kubeconfig), "proxy", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            assert proxy.stdout
            first = proxy.stdout.readline()
            found = re.search(r"127\.0\.0\.1:\d+", first)
            assert found, first
            yield f"http://{found[0]}"
        finally:
            proxy.terminate()


def kubectl(
    kubeconfig: Path, *arguments: str, objects: Sequence[Mapping[str, Any]] = ()
) -> subprocess.CompletedProcess[str]:
    """Run kubectl as whom a kubeconfig names, with objects on its standard input."""
    return subprocess.run(
        ["kubectl", "--kubeconfig", str(kubeconfig), *arguments],
        input=yaml.safe_dump_all(objects), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def definitions() -> list[dict[str, Any]]:
    """A CustomResourceDefinition for every kind of ours that a bare API server lacks."""
    return [_definition(resource) for resource in RESOURCES if resource.custom]


def _definition(resource: Resource) -> dict[str, Any]:
    schema = {"type": "object", **schemas.schema_of(resource)}
    subresources: dict[str, Any] = {"status": {}} if resource.has_status else {}
    if "scale" in resource.subresources:
        subresources["scale"] = {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        }
    version = {
        "name": resource.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": subresources,
        "additionalPrinterColumns": schemas.printer_columns(resource) or [],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": resource.qualified,
            "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
        },
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "plural": resource.plural,
                "singular": resource.singular,
                "kind": resource.kind,
                "shortNames": list(resource.short_names),
            },
            "versions": [version],
        },
    }


def _define(kubeconfig: Path) -> None:
    """Bring the kinds that the server does not know yet."""
    known = kubectl(kubeconfig, "api-resources", "-o", "name").stdout.split()
    lacking = [one for one in definitions() if one["metadata"]["name"] not in known]
    if not lacking:
        return
    for verb in (("apply", "--server-side"), ("wait", "--for=condition=Established")):
        done = kubectl(kubeconfig, *verb, "-f", "-", objects=lacking)
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def _namespaces(kubeconfig: Path) -> Iterator[None]:
    """The demo's namespaces; a cluster that has one may hold a demo and is left alone."""
    for name in NAMESPACES:
        if kubectl(kubeconfig, "get", "namespace", name).returncode == 0:
            pytest.skip(f"that cluster has a namespace {name}; the contract wants an empty one")
    wanted = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES
    ]
    made = kubectl(kubeconfig, "apply", "-f", "-", objects=wanted)
    assert made.returncode == 0, made.stderr
    try:
        yield
    finally:
        kubectl(kubeconfig, "delete", "namespace", *NAMESPACES, "--wait=false")
