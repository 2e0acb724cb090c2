"""Value objects that callers hand to the constructs; checked when they are made.

Plain frozen data: this module must not import cdktf, so that a program may build and test them
without starting Node.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from gtc_spec.arguments import checked, introduce
from gtc_spec.cloud import networks
from gtc_spec.cloud.chart_values import FIRST_KEYS
from gtc_spec.errors import UsageError
from gtc_spec.versions import Chart

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+[\w.+-]*")
NFS_MIN_GIB: Final = 50
"""Smallest managed NFS share (DigitalOcean provider 2.99, digitalocean_nfs)."""


class NfsTier(StrEnum):
    """Throughput class of a managed NFS share; it cannot be lowered again."""

    STANDARD = "standard"
    HIGH = "high"


@checked
@dataclass(frozen=True, slots=True)
class ExistingVpc:
    """A VPC that is there already, in the region of what is put into it.

    Attributes:
        id: Its UUID, or the id of another resource, known after apply.
        cidr: Its range of addresses, so that subnets can be checked against it. Default: not said.

    Raises:
        UsageError: The id is no UUID, or the range is not private.
    """

    id: str
    cidr: str | None = None

    def __post_init__(self) -> None:
        # ${ begins a reference of Terraform
        if "${" not in self.id and not _UUID.fullmatch(self.id):
            raise UsageError(f"vpc {self.id!r}, allowed: a uuid", "doctl vpcs list shows them")
        if self.cidr is not None:
            networks.private("vpc", self.cidr)


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class NfsExport:
    """Where an NFS share is mounted from; both may be known after apply only.

    Attributes:
        host: Address of the server.
        path: Directory that it exports.
    """

    host: str
    path: str


@checked
@dataclass(frozen=True, slots=True)
class ChartRef:
    """Where a Helm chart comes from; always pinned. Make it with a class method.

    Attributes:
        chart: Name, address or folder, as Helm takes it.
        version: Exact version. Default: empty, for a ``chart`` that is the pin itself.
        repository: Helm repository. Default: empty, for a ``chart`` that says it all.

    Raises:
        UsageError: It pins nothing: a range, no ``.tgz``, or a folder without a chart.
    """

    chart: str
    version: str = ""
    repository: str = ""

    @classmethod
    @checked
    def repo(cls, repository: str, chart: str, *, version: str) -> Self:
        """A chart of a Helm repository in exactly this version."""
        if not _VERSION.fullmatch(version):
            raise UsageError(
                f"chart {chart}: got version {version!r}, allowed: one exact version",
                "a range installs another product every month",
            )
        return cls(chart, version, repository)

    @classmethod
    @checked
    def url(cls, url: str) -> Self:
        """The archive of one version at ``url``; Helm reads no ``version`` there."""
        if not url.startswith("https://") or not url.endswith(".tgz"):
            raise UsageError(f"chart address {url!r}, allowed: https://... that ends in .tgz")
        return cls(url)

    @classmethod
    @checked
    def local(cls, path: Path) -> Self:
        """A chart in the folder ``path`` of this machine."""
        if not (path / "Chart.yaml").is_file():
            raise UsageError(f"no chart in {path}, allowed: a folder that holds a Chart.yaml")
        return cls(str(path))

    @classmethod
    @checked
    def pinned(cls, chart: Chart) -> Self:
        """A chart of ``gtc_spec.versions``."""
        if chart.url:
            return cls.url(chart.url)
        return cls.repo(chart.repository, chart.name, version=chart.version)

    @property
    def name(self) -> str:
        """What people call it, with its version where it is known."""
        return f"{self.chart.rpartition('/')[2]} {self.version}".strip()

    @property
    def value_keys(self) -> tuple[str, ...]:
        """First keys of the values that it takes; none when we do not know them."""
        return next((keys for chart, keys in FIRST_KEYS.items() if self == self.pinned(chart)), ())


introduce(ExistingVpc, "an ExistingVpc", "ExistingVpc(id), or the vpc of a cluster made beside")
introduce(NfsExport, "an NfsExport", "cluster.models.export, or NfsExport(host=..., path=...)")
introduce(ChartRef, "a ChartRef", "ChartRef.repo(repository, chart, version=...)")
