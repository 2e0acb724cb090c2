"""Checks of what the demo stands on: the API, its kinds, charts, KAI's queue, secrets."""

from __future__ import annotations

import asyncio
import base64
import binascii
import gzip
import json
from collections.abc import Iterable
from typing import Any, Final

from gtc_runtime.checks.scene import Scene
from gtc_runtime.cluster.api.errors import NotFound
from gtc_runtime.cluster.api.kube import Json
from gtc_runtime.cluster.api.transport import Request
from gtc_runtime.verdict import NotApplicable, Verdict, green, judge, red
from gtc_spec import names, versions
from gtc_spec.errors import GtcError
from gtc_spec.kinds import DGD, DGDSA, POD_MONITOR, QUEUE, SCALED_OBJECT, SECRET, Kind
from gtc_spec.manifests.panel import panel
from gtc_spec.manifests.secret_names import SecretName, secrets_of
from gtc_spec.versions import Chart

KINDS: Final = (DGD, DGDSA, SCALED_OBJECT, QUEUE, POD_MONITOR)
"""The custom resources that we write."""


async def kubernetes(scene: Scene) -> Verdict:
    """The API answers, knows us, and is of the pinned release line."""
    told = json.loads((await scene.kube.transport.send(_hello())).body)
    await scene.kube.can("get", DGD, names.DEMO)  # anybody may ask for the version
    found = f"{told['major']}.{str(told['minor']).rstrip('+')}"
    expected = versions.KUBERNETES_MINOR
    hint = "KEDA and the charts are pinned for it: see versions.py before the show, not during it"
    return judge(found == expected, str(told["gitVersion"]), expected, hint)


def _hello() -> Request:
    return Request("GET", "ask for the version", "", (), None)


async def definitions(scene: Scene) -> Verdict:
    """Discovery lists every kind of ours; anybody may ask it."""
    kinds = [kind for kind in KINDS if kind is not QUEUE or scene.env.grove]
    served = await asyncio.gather(*(_is_served(scene, kind) for kind in kinds))
    missing = [
        f"{kind.plural}.{kind.group}/{kind.version}"
        for kind, there in zip(kinds, served, strict=True)
        if not there
    ]
    found = f"not served: {', '.join(missing)}" if missing else f"all {len(kinds)} are served"
    expected = ", ".join(kind.kind for kind in kinds)
    return judge(not missing, found, expected, "make cluster-config installs their charts")


async def _is_served(scene: Scene, kind: Kind) -> bool:
    request = Request("GET", f"look for {kind.kind}", kind.api_version, (), None)
    try:
        listed = json.loads((await scene.kube.transport.send(request)).body)
    except NotFound:
        return False
    return any(each.get("name") == kind.plural for each in listed.get("resources") or [])


async def charts(scene: Scene) -> Verdict:
    """Helm's own records of what is installed."""
    pinned = versions.charts(gpus=scene.env.nodes.gpus > 0)
    found = await asyncio.gather(*(_release(scene, chart) for chart in pinned))
    wrong = [said for said in found if said]
    pins = ", ".join(f"{chart.name} {chart.version}" for chart in pinned)
    told = "; ".join(wrong) or f"all {len(pinned)} as pinned"
    return judge(not wrong, told, pins, "make cluster-config brings the pinned versions")


async def _release(scene: Scene, chart: Chart) -> str:
    """What is wrong with the release of a chart; empty when nothing is."""
    labels = {"owner": "helm", "name": chart.name}
    records = await scene.all(SECRET, labels, namespace="")
    if not records:
        return f"{chart.name} is not installed"
    newest = max(records, key=_revision)
    metadata, status = decoded(newest)
    if metadata.get("version") != chart.version:
        return f"{chart.name} is {metadata.get('version')}"
    return "" if status == "deployed" else f"{chart.name} is {status}"


def _revision(record: Json) -> int:
    text = str((record["metadata"].get("labels") or {}).get("version", "0"))
    return int(text) if text.isdigit() else 0


def decoded(record: Json) -> tuple[dict[str, Any], str]:
    """The chart's metadata and the status of a release, from the secret that Helm keeps.

    Raises:
        GtcError: It is no such secret.
    """
    try:
        packed = base64.b64decode(base64.b64decode(record["data"]["release"]))
        release = json.loads(gzip.decompress(packed))
        return dict(release["chart"]["metadata"]), str(release["info"]["status"])
    except (KeyError, TypeError, ValueError, binascii.Error, OSError, EOFError):
        name = record["metadata"].get("name", "?")
        raise GtcError(f"secret {name} is no record of helm", "helm list -A") from None


async def queue(scene: Scene) -> Verdict:
    """The child queue exists and so does its parent; without them no worker starts."""
    if not scene.env.grove:
        raise NotApplicable("grove is off, and KAI with it")
    name = scene.env.kai_queue
    hint = "make cluster-config creates both; then delete the graph's pending pods"
    there = await scene.one(QUEUE, name)
    if there is None:
        return red(f"no queue {name}", name, hint)
    parent = str((there.get("spec") or {}).get("parentQueue") or "")
    if not parent or await scene.one(QUEUE, parent) is None:
        return red(f"{name} has no parent queue {parent}".rstrip(), "a parent queue", hint)
    return green(f"{parent} > {name}", name)


async def secrets(scene: Scene) -> Verdict:
    """Names and keys; values are only looked at for being empty, and told to nobody."""
    wanted = [(names.NAMESPACE_WORKLOAD, secret) for secret in secrets_of(scene.env)]
    wanted += [(names.NAMESPACE_PANEL, secret) for secret in panel.SECRETS]
    lacks = await asyncio.gather(*(_lacks(scene, *each) for each in wanted))
    wrong = [said for said in lacks if said]
    expected = ", ".join(sorted({secret.name for _, secret in wanted}))
    hint = "put the value into .env, then make cluster-config with a higher TF_VAR_secrets_revision"
    found = (
        "; ".join(wrong)
        or f"{len(wanted)} secrets in {len({namespace for namespace, _ in wanted})} namespaces"
    )
    return judge(not wrong, found, expected, hint)


async def _lacks(scene: Scene, namespace: str, secret: SecretName) -> str:
    there = await scene.one(SECRET, secret.name, namespace)
    if there is None:
        return f"no {secret.name} in {namespace}"
    empty = list(_empty(secret.keys, there.get("data") or {}))
    return f"{secret.name} in {namespace} lacks {', '.join(empty)}" if empty else ""


def _empty(keys: Iterable[str], data: Json) -> Iterable[str]:
    return (key for key in keys if not data.get(key))
