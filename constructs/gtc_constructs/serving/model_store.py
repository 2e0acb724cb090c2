"""Where the models lie: the NFS share as a claim, and the account of the jobs that fill it.

The jobs themselves belong to ``gtc model setup``; workers wait for its marker. It must not know
which model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.manifest_release import ManifestRelease
from gtc_constructs.values import NFS_MIN_GIB, NfsExport
from gtc_spec import names
from gtc_spec.manifests import metadata, model_volume
from gtc_spec.manifests.rbac import JOBS_ACCOUNT, account_without_token


class ModelStore(GtcConstruct):
    """A share as PersistentVolume and claim; both go with this construct, the content stays.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        share: Where the share is mounted from; `NfsShare.export`.
        size_gib: Its size.
        namespace: Where the claim is made; it must exist. Default: ``dynamo-workload``.
        claim: Name of the claim. Default: ``model-nfs-pvc``.
        account: ServiceAccount of the model jobs, without a token. Default: ``gtc-demo-models``.
        image: Image of these jobs, whose pull secrets the account names. Default: a public one.
        labels: Labels of every object. Default: none.
        annotations: Annotations of every object. Default: none.
        after: What must be there first, such as the namespace. Default: nothing.

    Raises:
        UsageError: A name is no name, or the size is out of range.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        share: NfsExport,
        size_gib: int,
        namespace: str = names.NAMESPACE_WORKLOAD,
        claim: str = names.MODEL_CLAIM,
        account: str = JOBS_ACCOUNT,
        image: str = "",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.require_name("claim", claim, 253 - len(model_volume.volume_name("")))
        self.require_name("account", account)
        if size_gib < NFS_MIN_GIB:
            raise self.refused(f"got {size_gib} gib, allowed: at least {NFS_MIN_GIB}")
        self.claim, self.namespace = claim, namespace

        def place(name: str, inside: str | None = namespace) -> metadata.Manifest:
            return metadata.object_metadata(name, inside, labels or {}, annotations or {})

        volume = place(model_volume.volume_name(claim), None)
        self.manifests = (
            model_volume.persistent_volume(volume, share.host, share.path, size_gib),
            model_volume.persistent_volume_claim(place(claim), size_gib),
            account_without_token(place(account), image),
        )
        self.release = ManifestRelease(
            self,
            "Resource",
            name=f"{claim}-store",
            namespace=namespace,
            manifests=self.manifests,
            after=self.depends_on,
        )
