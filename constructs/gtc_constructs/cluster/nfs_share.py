"""A managed NFS share: the one place that knows how to ask for its tier, host and path.

The bindings are older than these three attributes, so they go through overrides. It must not know
what is stored on the share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gtc_constructs._bindings import Construct, Nfs, TerraformResource, Vpc
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.providers import require_digitalocean
from gtc_constructs.values import NFS_MIN_GIB, NfsExport, NfsTier

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


class NfsShare(GtcConstruct):
    """A share in one VPC, readable and writable by many pods.

    It squashes root: write to it as another user. It can grow but not shrink, and its tier cannot
    be lowered. It has no tags: the provider takes some, but neither sends nor reads them.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        name: Name of the share.
        region: Region; NFS is not in all of them.
        vpc: Network that may mount it.
        size_gib: Size in GiB, at least 50. Throughput grows with it.
        tier: Throughput class. Default: high.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: The name or the size is out of range.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        region: str,
        vpc: Vpc,
        size_gib: int,
        tier: NfsTier = NfsTier.HIGH,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        if not _NAME.fullmatch(name):
            raise self.refused(
                f"share {name!r}, allowed: at most 64 of a-z, 0-9 and -, a letter first"
            )
        if size_gib < NFS_MIN_GIB:
            raise self.refused(f"share {name}: got {size_gib} gib, allowed: at least {NFS_MIN_GIB}")
        require_digitalocean(self)
        self.nfs = Nfs(
            self,
            "Resource",
            name=name,
            region=region,
            size=size_gib,
            vpc_id=vpc.id,
            depends_on=self.depends_on,
        )
        self.nfs.add_override("performance_tier", str(tier))

    @property
    def export(self) -> NfsExport:
        """Where it is mounted from; known after apply."""
        return NfsExport(
            host=self.nfs.get_string_attribute("host"),
            path=self.nfs.get_string_attribute("mount_path"),
        )
