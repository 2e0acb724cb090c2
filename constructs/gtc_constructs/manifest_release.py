"""Custom resources through Helm: the way that survives a plan without their CRDs.

``kubernetes_manifest`` needs the CRD while planning, which a chart of the same stack only brings
later. A release of a two-file chart does not, and an upgrade sends just the difference between two
of its own manifests: it fights neither KEDA over replicas nor a person over an annotation. It must
not know what the manifests mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from gtc_constructs._bindings import (
    AssetType,
    Construct,
    TerraformAsset,
    TerraformResource,
    TerraformStack,
)
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.helm_chart import WAIT, release
from gtc_spec.arguments.clear_text import clear_text

CHART: Final = Path(__file__).parent / "charts" / "manifests"
_CLUSTER_WIDE: Final = frozenset(
    {
        "APIService.apiregistration.k8s.io", "CSIDriver.storage.k8s.io",
        "CiliumClusterwideNetworkPolicy.cilium.io", "ClusterIssuer.cert-manager.io",
        "ClusterPolicy.kyverno.io", "ClusterRole.rbac.authorization.k8s.io",
        "ClusterRoleBinding.rbac.authorization.k8s.io",
        "ClusterSecretStore.external-secrets.io", "ClusterTriggerAuthentication.keda.sh",
        "CustomResourceDefinition.apiextensions.k8s.io", "GatewayClass.gateway.networking.k8s.io",
        "IngressClass.networking.k8s.io",
        "MutatingWebhookConfiguration.admissionregistration.k8s.io", "Namespace", "Node",
        "PersistentVolume", "PriorityClass.scheduling.k8s.io", "Queue.scheduling.run.ai",
        "RuntimeClass.node.k8s.io", "StorageClass.storage.k8s.io",
        "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
        "VolumeSnapshotClass.snapshot.storage.k8s.io",
    }
)  # fmt: skip
"""Kinds whose names are those of the whole cluster."""
_KEPT: Final = 5
"""Revisions of a release that Helm keeps for a rollback."""


class ManifestRelease(GtcConstruct):
    """Kubernetes objects of any kind, delivered and removed as one Helm release.

    Creating waits for built-in kinds only; whether a custom resource works is for its operator to
    say. Destroying waits until all objects are gone, finalizers included. Fields that change at
    run time (replicas, annotations) stay as they are until the manifest itself changes them.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        name: Name of the Helm release.
        namespace: Namespace of the release, and of manifests that name none; it must exist.
        manifests: The objects, as they would be written in YAML. Secrets are refused, and so are
            passwords and tokens in clear: their values would be kept in Terraform's state.
        timeout: Longest wait for one install, upgrade or removal. Default: 10 minutes.
        wait: Whether creating waits until built-in kinds are ready, and destroying until all is
            gone. Default: yes; no is for pods whose image comes later.
        adopt: Whether objects that are there already, made by nobody's release, are taken over.
            Default: they are an error.
        after: What must be there first, such as the release that brings the CRDs. Default: nothing.

    Raises:
        UsageError: A name is no name, or a manifest is incomplete, a secret, holds one in clear, or
            is there twice.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        namespace: str,
        manifests: Sequence[Mapping[str, Any]],
        timeout: timedelta = WAIT,
        wait: bool = True,
        adopt: bool = False,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self._check(manifests, namespace)
        self.manifests = tuple(manifests)
        self.release = release(
            self,
            name=name,
            namespace=namespace,
            documents=[{"manifests": manifests}],
            timeout=timeout,
            chart=_chart(self).path,
            wait=wait,
            max_history=_KEPT,
            take_ownership=adopt or None,
        )
        for manifest in manifests:
            self.require_unique(_called(manifest, namespace), "two releases cannot own one object")

    def _check(self, manifests: Sequence[Mapping[str, Any]], namespace: str) -> None:
        if not manifests:
            raise self.refused("got no manifests, allowed: at least one")
        seen = set()
        for number, manifest in enumerate(manifests):
            place = manifest.get("metadata")
            name = place.get("name") if isinstance(place, Mapping) else None
            kind = manifest.get("kind")
            if not (manifest.get("apiVersion") and kind and name and isinstance(place, Mapping)):
                raise self.refused(
                    f"manifest {number} ({kind} {name}) is incomplete, "
                    "allowed: apiVersion, kind and metadata.name"
                )
            if kind == "Secret":
                raise self.refused(
                    f"secret {name} would be kept in the state, allowed: any other kind",
                    "use WorkloadSecrets, which is write-only",
                )
            for path in clear_text(manifest):
                raise self.refused(
                    f"{kind} {name}: {path} is text and would be kept in the state, "
                    "allowed: a reference to a key of a Secret",
                    "valueFrom.secretKeyRef, or $(NAME) in arguments; WorkloadSecrets makes a "
                    "Secret whose values are written nowhere",
                )
            called = _called(manifest, namespace)
            if called in seen:
                raise self.refused(f"{called} is there twice, allowed: once")
            seen.add(called)


def _called(manifest: Mapping[str, Any], namespace: str) -> str:
    """What an object is called in its cluster, whatever the version; its kind as kubectl has it."""
    group, place = manifest["apiVersion"].rpartition("/")[0], manifest["metadata"]
    # apps and batch are known by their kinds alone
    kind = f"{manifest['kind']}.{group}" if "." in group else manifest["kind"]
    if kind in _CLUSTER_WIDE:
        return f"{kind} {place['name']}"
    return f"{kind} {place['name']} in namespace {place.get('namespace', namespace)}"


def _chart(scope: Construct) -> TerraformAsset:
    """The bundled chart, copied once a stack."""
    stack = TerraformStack.of(scope)
    there = stack.node.try_find_child("manifests-chart")
    if isinstance(there, TerraformAsset):
        return there
    return TerraformAsset(stack, "manifests-chart", path=str(CHART), type=AssetType.DIRECTORY)
