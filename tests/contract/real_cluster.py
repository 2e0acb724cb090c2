"""A real API server for the contract: one that KUBECONFIG names, or one started from a folder.

KUBEBUILDER_ASSETS is envtest's convention: a folder with ``kube-apiserver`` and ``etcd``. Either
must be without the demo's namespaces, which are made, used and removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from gtc_rehearsal.kube_api import schemas
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.resources import RESOURCES, Resource
from gtc_spec import names

ASSETS = "KUBEBUILDER_ASSETS"
NAMESPACES = (names.NAMESPACE_WORKLOAD, names.NAMESPACE_PANEL, names.NAMESPACE_PLATFORM)
START_S = 60.0
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}

BOTH = ("rehearsal", pytest.param("cluster", marks=pytest.mark.cluster))
"""Where a contract holds: always here, and under ``-m cluster`` there."""


def places() -> Sequence[Any]:
    """The places to run a contract in; a folder of binaries needs no mark to be used."""
    return ("rehearsal", "cluster") if os.environ.get(ASSETS) else BOTH


@contextlib.contextmanager
def reached(folder: Path) -> Iterator[Path]:
    """A kubeconfig of the real cluster, with our kinds and namespaces in it."""
    assets, given = os.environ.get(ASSETS), os.environ.get("KUBECONFIG")
    with contextlib.ExitStack() as stack:
        if assets:
            kubeconfig = stack.enter_context(_started(Path(assets), folder))
        elif given:
            kubeconfig = Path(given)
        else:
            pytest.skip(f"neither {ASSETS} nor KUBECONFIG names a real cluster")
        _define(kubeconfig)
        stack.enter_context(_namespaces(kubeconfig))
        yield kubeconfig


@contextlib.contextmanager
def proxied(kubeconfig: Path) -> Iterator[str]:
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


class RemoteStore:
    """What the tests ask of the rehearsal's store, asked of a real API server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: set[tuple[Resource, str | None, str]] = set()

    def get(self, resource: Resource, name: str, namespace: str | None) -> dict[str, Any]:
        return self._send("GET", self._path(resource, namespace, name))

    def list(self, resource: Resource, namespace: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._send("GET", self._path(resource, namespace))["items"]
        return found

    def create(self, resource: Resource, obj: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        whole = {**resource.type_meta, **obj}
        namespace = obj["metadata"].get("namespace")
        made = self._send("POST", self._path(resource, namespace), whole)
        self._made.add((resource, namespace, made["metadata"]["name"]))
        return made

    def patch(
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        patch: Mapping[str, Any],
        subresource: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        path = self._path(resource, namespace, name, subresource)
        return self._send("PATCH", path, patch, "application/merge-patch+json")

    def delete(self, resource: Resource, name: str, namespace: str | None) -> None:
        self._send("DELETE", self._path(resource, namespace, name))

    def changes_since(self, _revision: int) -> NoReturn:
        pytest.skip("a real API server keeps no list of its changes")

    def clear(self) -> None:
        """Remove what was made here, and what a client made in the workload's namespace."""
        for resource in RESOURCES:
            if resource.namespaced and resource.kind not in {"Event", "ServiceAccount"}:
                place = self._path(resource, names.NAMESPACE_WORKLOAD)
                with contextlib.suppress(ApiError):
                    self._send("DELETE", f"{place}?gracePeriodSeconds=0")
        for resource, namespace, name in self._made:
            with contextlib.suppress(ApiError):
                self.delete(resource, name, namespace)
        self._made.clear()

    @staticmethod
    def _path(
        resource: Resource, namespace: str | None, name: str = "", subresource: str | None = None
    ) -> str:
        root = f"apis/{resource.group}/{resource.version}" if resource.group else "api/v1"
        inside = ["namespaces", namespace] if namespace and resource.namespaced else []
        parts = [root, *inside, resource.plural, name, subresource]
        return "/" + "/".join(part for part in parts if part)

    def _send(
        self, method: str, path: str, body: Any = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(
            self._url + path, data=data, method=method, headers={"Content-Type": kind}
        )
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            told = error.read().decode(errors="replace")
            raise ApiError(error.code, "", told) from None


def _kubectl(
    kubeconfig: Path, *arguments: str, objects: Sequence[Mapping[str, Any]] = ()
) -> subprocess.CompletedProcess[str]:
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
    known = _kubectl(kubeconfig, "api-resources", "-o", "name").stdout.split()
    lacking = [one for one in definitions() if one["metadata"]["name"] not in known]
    if not lacking:
        return
    for verb in (("apply", "--server-side"), ("wait", "--for=condition=Established")):
        done = _kubectl(kubeconfig, *verb, "-f", "-", objects=lacking)
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def _namespaces(kubeconfig: Path) -> Iterator[None]:
    """The demo's namespaces; a cluster that has one may hold a demo and is left alone."""
    for name in NAMESPACES:
        if _kubectl(kubeconfig, "get", "namespace", name).returncode == 0:
            pytest.skip(f"that cluster has a namespace {name}; the contract wants an empty one")
    wanted = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES
    ]
    made = _kubectl(kubeconfig, "apply", "-f", "-", objects=wanted)
    assert made.returncode == 0, made.stderr
    try:
        yield
    finally:
        _kubectl(kubeconfig, "delete", "namespace", *NAMESPACES, "--wait=false")


@contextlib.contextmanager
def _started(assets: Path, folder: Path) -> Iterator[Path]:
    """etcd and kube-apiserver on loopback, and a kubeconfig of an administrator."""
    client, peer, secure = (_free_port() for _ in range(3))
    etcd = f"http://127.0.0.1:{client}"
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    key = folder / "accounts.key"
    openssl = shutil.which("openssl")
    assert openssl, "openssl makes the key of the service accounts"
    subprocess.run([openssl, "genrsa", "-out", str(key), "2048"], capture_output=True, check=True)
    commands = (
        [str(assets / "etcd"), f"--data-dir={folder / 'etcd'}", f"--listen-client-urls={etcd}",
         f"--advertise-client-urls={etcd}", f"--listen-peer-urls=http://127.0.0.1:{peer}"],
        [str(assets / "kube-apiserver"), f"--etcd-servers={etcd}", f"--secure-port={secure}",
         "--bind-address=127.0.0.1", f"--cert-dir={folder / 'certificates'}",
         f"--token-auth-file={folder / 'tokens.csv'}", "--authorization-mode=RBAC",
         "--service-cluster-ip-range=10.0.0.0/24", "--disable-admission-plugins=ServiceAccount",
         "--service-account-issuer=https://kubernetes.default.svc",
         f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}"],
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("wb"))
        processes = []
        for command in commands:
            process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log))
            stack.callback(process.kill)
            processes.append(process)
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig(secure, token)))
        give_up = time.monotonic() + START_S
        while _kubectl(kubeconfig, "get", "--raw", "/readyz").returncode != 0:
            ended = [process.args for process in processes if process.poll() is not None]
            assert not ended, (folder / "log").read_text()[-2000:]
            assert time.monotonic() < give_up, (folder / "log").read_text()[-2000:]
            time.sleep(0.5)
        yield kubeconfig


def _kubeconfig(port: int, token: str) -> dict[str, Any]:
    server = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "real", "cluster": server}],
        "users": [{"name": "real", "user": {"token": token}}],
        "contexts": [{"name": "real", "context": {"cluster": "real", "user": "real"}}],
        "current-context": "real",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
