"""A managed NFS share. It must not know what is stored on it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gtc_constructs._bindings import Construct, Nfs, TerraformResource, Vpc
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.providers import require_digitalocean
from gtc_constructs.values import NFS_MIN_GIB, ExistingVpc, NfsExport, NfsTier
from gtc_spec import names
from gtc_spec.cloud import regions
from gtc_spec.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


class NfsShare(GtcConstruct):
    """A share in one VPC, readable and writable by many pods.

    It squashes root: write to it as another user. It can grow but not shrink, and its tier cannot
    be lowered. It has no tags: the provider takes some, but neither sends nor reads them.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        name: Name of the share.
        region: Region slug; NFS is not in all of them.
        vpc: Network that may mount it, ``cluster.vpc`` or one that exists.
        size_gib: Size in GiB, at least 50. Throughput grows with it, and so does the price.
        tier: Throughput class. Default: high.
        name_prefix: Put before the name, with a hyphen. Default: nothing.
        unlisted: Take the region although it is not known to have NFS. Default: no.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: The name, the size or the tier is out of range, the region is not known to have
            NFS, or the network is none.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        region: str,
        vpc: Vpc | ExistingVpc,
        size_gib: int,
        tier: NfsTier = NfsTier.HIGH,
        name_prefix: str = "",
        unlisted: bool = False,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        name = names.prefixed(name_prefix, name)
        self._check(name, size_gib)
        if not unlisted:
            self._check_region(region)
        require_digitalocean(self)
        self.nfs = Nfs(
            self,
            "Resource",
            name=name,
            region=region,
            size=size_gib,
            performance_tier=str(tier),
            vpc_id=vpc.id,
            depends_on=self.depends_on,
        )
        self.stands_for(self.nfs)

    def _check(self, name: str, size_gib: int) -> None:
        if not _NAME.fullmatch(name):
            raise self.refused(
                f"share {name!r}, allowed: at most 64 of a-z, 0-9 and -, a letter first"
            )
        if size_gib < NFS_MIN_GIB:
            raise self.refused(f"share {name}: got {size_gib} gib, allowed: at least {NFS_MIN_GIB}")

    def _check_region(self, region: str) -> None:
        try:
            regions.check(region, nfs=True)
        except UsageError as error:
            raise self.refused(error.message, error.hint) from None

    @property
    def export(self) -> NfsExport:
        """Where it is mounted from; known after apply."""
        return NfsExport(host=self.nfs.host, path=self.nfs.mount_path)
