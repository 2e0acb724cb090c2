"""Helm's part in the stand-in Terraform: releases as Secrets, and what Helm refuses.

A revision is pending while its objects are made; killed there, it stays pending and every later
install or upgrade is refused. Objects carry the name of their release.
"""

import json
import time
from typing import Any

from tests.deployment.http import Failed
from tests.deployment.kube_client import Client

OWNER = "meta.helm.sh/release-name"
WAIT_S = 10.0


def revisions(kube: Client, namespace: str, name: str) -> list[dict[str, Any]]:
    """Every kept revision of a release, the oldest first."""
    found = kube.list("Secret", namespace, f"owner=helm,name={name}")
    return sorted(found, key=lambda each: int(each["metadata"]["labels"]["version"]))


def install(kube: Client, settings: dict[str, Any]) -> None:
    """Install a release, or upgrade one when that is allowed."""
    namespace, name = settings["namespace"], settings["name"]
    old = revisions(kube, namespace, name)
    status = old[-1]["metadata"]["labels"]["status"] if old else ""
    if status.startswith("pending"):
        raise Failed("another operation (install/upgrade/rollback) is in progress")
    if old and not settings.get("upgrade_install"):
        raise Failed("cannot re-use a name that is still in use")
    number = len(old) + 1
    _record(kube, namespace, name, number, "pending-upgrade" if old else "pending-install")
    made = [_apply(kube, namespace, name, each) for each in objects(settings)]
    if settings.get("wait"):
        _wait(kube, namespace, made)
    _set_status(kube, namespace, f"sh.helm.release.v1.{name}.v{number}", "deployed")
    for each in old:
        _set_status(kube, namespace, each["metadata"]["name"], "superseded")


def uninstall(kube: Client, namespace: str, name: str) -> None:
    """Remove a release and its objects."""
    found = revisions(kube, namespace, name)
    for each in found[-1:]:
        _set_status(kube, namespace, each["metadata"]["name"], "uninstalling")
    for kind in kube.kinds:
        for each in kube.list(kind, namespace, f"release={name}"):
            kube.delete(kind, namespace, each["metadata"]["name"])
    for each in found:
        kube.delete("Secret", namespace, each["metadata"]["name"])


def objects(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """What a release consists of: our manifests, or one deployment for a public chart."""
    values: dict[str, Any] = {}
    for each in settings.get("values") or ():
        values |= json.loads(each)
    if "manifests" in values:
        return list(values["manifests"])
    labels = {"app": settings["name"]}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "x"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}
    meta = {"name": settings["name"], "namespace": settings["namespace"]}
    return [{"kind": "Deployment", "metadata": meta, "spec": spec}]


def _apply(
    kube: Client, namespace: str, release: str, manifest: dict[str, Any]
) -> tuple[str, str, str]:
    kind, meta = manifest["kind"], dict(manifest["metadata"])
    where = meta.setdefault("namespace", namespace)
    meta["labels"] = {**meta.get("labels", {}), "release": release}
    meta["annotations"] = {**meta.get("annotations", {}), OWNER: release}
    if not kube.kinds[kind][2]:
        meta.pop("namespace")
    there = kube.get(kind, where, meta["name"])
    if there is None:
        body = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
        kube.create(kind, {**body, "metadata": meta})
    elif (there["metadata"].get("annotations") or {}).get(OWNER) != release:
        raise Failed(f"{kind} {meta['name']} exists and cannot be imported into the release")
    return kind, where, meta["name"]


def _wait(kube: Client, namespace: str, made: list[tuple[str, str, str]]) -> None:
    give_up = time.monotonic() + WAIT_S
    for kind, where, name in made:
        while kind == "Deployment":
            status = kube.get(kind, where, name).get("status") or {}
            if status.get("availableReplicas"):
                break
            if time.monotonic() > give_up:
                raise Failed("context deadline exceeded")
            time.sleep(0.02)


def _record(kube: Client, namespace: str, name: str, number: int, status: str) -> None:
    labels = {"owner": "helm", "name": name, "status": status, "version": str(number)}
    place = f"sh.helm.release.v1.{name}.v{number}"
    meta = {"name": place, "namespace": namespace, "labels": labels}
    kube.create("Secret", {"metadata": meta, "type": "helm.sh/release.v1"})


def _set_status(kube: Client, namespace: str, secret: str, status: str) -> None:
    kube.patch("Secret", namespace, secret, {"metadata": {"labels": {"status": status}}})
