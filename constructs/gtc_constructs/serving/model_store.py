"""Where the models lie: the NFS share as a claim, and the account of the jobs that fill it.

The jobs themselves belong to `ModelDownload`, and in the demo to ``gtc model setup``; workers wait
for their marker. It must not know which model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.manifest_release import ManifestRelease
from gtc_constructs.namespace import HasWorkload, Namespace, settle_in
from gtc_constructs.values import NFS_MIN_GIB, NfsExport
from gtc_spec import names
from gtc_spec.graph.existing import ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.manifests import metadata, model_volume
from gtc_spec.manifests.rbac import JOBS_ACCOUNT, account_without_token

_CLAIM_MAX: Final = 253 - 63 - len("--volume")
"""A volume is named after namespace and claim."""


class ModelStore(GtcConstruct):
    """A share as PersistentVolume and claim; both go with this construct, the content stays.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        share: Where the share is mounted from; `NfsShare.export`.
        size_gib: Its size.
        platform: Whose workload namespace gets the claim. Default: none, then ``namespace`` must be
            given.
        namespace: The namespace of the claim, instead of ``platform``: a `Namespace`, such as
            ``platform.add_workload_namespace("team-b")``, or the name of one that exists.
            Default: that of ``platform``.
        claim: Name of the claim. Default: ``model-nfs-pvc``.
        account: ServiceAccount of the model jobs, without a token. Default: ``gtc-demo-models``.
        image: Image of these jobs, whose pull secrets the account names. Default: a public one.
        labels: Labels of every object. Default: none.
        annotations: Annotations of every object. Default: none.
        after: What must be there first; a namespace of ours always is. Default: nothing.

    Raises:
        UsageError: A name is no name, the size is out of range, there is no namespace or two, or
            claim or account is made already.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        share: NfsExport,
        size_gib: int,
        platform: HasWorkload | ExistingPlatform | None = None,
        namespace: Namespace | str | None = None,
        claim: str = names.MODEL_CLAIM,
        account: str = JOBS_ACCOUNT,
        image: str = "",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.require_name("claim", claim, _CLAIM_MAX)
        self.require_name("account", account)
        if size_gib < NFS_MIN_GIB:
            raise self.refused(f"got {size_gib} gib, allowed: at least {NFS_MIN_GIB}")
        self.claim, self.namespace = claim, self._place(platform, namespace)
        self.account = account
        """ServiceAccount of whoever fills it."""
        self.volume = model_volume.volume_name(claim, self.namespace)
        """Name of the PersistentVolume, which is of the whole cluster."""
        self.model: ModelRef | None = None
        """The one checkpoint on it: any."""
        self._refuse_rivals()

        def place(name: str, inside: str | None = self.namespace) -> metadata.Manifest:
            return metadata.object_metadata(name, inside, labels or {}, annotations or {})

        volume = place(self.volume, None)
        self.manifests = (
            model_volume.persistent_volume(volume, share.host, share.path, size_gib),
            model_volume.persistent_volume_claim(place(claim), size_gib),
            account_without_token(place(account), image),
        )
        self.release = self._ship()

    def _ship(self) -> ManifestRelease:
        made = ManifestRelease(
            self,
            "Resource",
            name=f"{self.claim}-store",
            namespace=self.namespace,
            manifests=self.manifests,
            after=self.depends_on,
        )
        self.stands_for(made.release)
        return made

    def _place(
        self, platform: HasWorkload | ExistingPlatform | None, namespace: Namespace | str | None
    ) -> str:
        match platform, namespace:
            case (None, place) | (place, None) if place is not None:
                return settle_in(self, place)
        raise self.refused(
            "got both or neither of platform and namespace, allowed: one of them",
            "platform=platform puts the claim where its models are served",
        )

    def _refuse_rivals(self) -> None:
        for other in self.others(ModelStore):
            if getattr(other, "volume", None) == self.volume:
                raise self.refused(
                    f"{other.node.path} makes the volume {self.volume} already, "
                    "allowed: one store a claim and namespace",
                    "hand that one to both deployments, or name another claim",
                )
            there = (getattr(other, "account", ""), getattr(other, "namespace", ""))
            if there == (self.account, self.namespace):
                raise self.refused(
                    f"{other.node.path} makes the account {self.account!r} in {self.namespace} "
                    "already, allowed: one store an account and namespace",
                    f'give this one its own: account="{self.claim}-jobs"',
                )
