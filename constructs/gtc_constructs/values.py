"""Value objects that callers hand to the constructs; checked when they are made.

Plain frozen data: this module must not import cdktf, so that a program may build and test them
without starting Node.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final, Self

from gtc_spec import names
from gtc_spec.errors import UsageError
from gtc_spec.overrides import USABLE_GIB
from gtc_spec.serving import CHECKPOINTS, Checkpoint, Model
from gtc_spec.versions import Chart

_GPU_SIZE = re.compile(r"gpu-(?P<gpu>[a-z0-9]+?)x(?P<number>\d+)-[a-z0-9-]+")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_MOUNT: Final = PurePosixPath(names.MODEL_MOUNT)
NFS_MIN_GIB: Final = 50
"""Smallest managed NFS share (DigitalOcean provider 2.99, digitalocean_nfs)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePool:
    """A pool of identical nodes: fixed, or autoscaled between two limits.

    Attributes:
        size: Droplet size slug.
        count: Nodes of a fixed pool. Default: none, then ``autoscale`` must be given.
        autoscale: Fewest and most nodes. Default: the pool is fixed.
        labels: Kubernetes labels of the nodes. Default: none.

    Raises:
        UsageError: Neither or both of ``count`` and ``autoscale`` are given, or out of range.
    """

    size: str
    count: int | None = None
    autoscale: tuple[int, int] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.count is None) == (self.autoscale is None):
            raise UsageError(
                f"node pool {self.size}: got count={self.count} and autoscale={self.autoscale}, "
                "allowed: one of the two"
            )
        if self.count is not None and self.count < 1:
            raise UsageError(f"node pool {self.size}: got {self.count} nodes, allowed: at least 1")
        if self.autoscale and not 1 <= self.autoscale[0] <= self.autoscale[1]:
            low, high = self.autoscale
            raise UsageError(
                f"node pool {self.size}: got autoscale={low}..{high}, allowed: 1 <= low <= high"
            )

    @classmethod
    def h100(cls, *, count: int = 1) -> Self:
        """Nodes with one H100 each."""
        return cls(size="gpu-h100x1-80gb", count=count)

    @classmethod
    def h200x8(cls, *, count: int = 1, contracted: bool = False) -> Self:
        """Nodes with eight H200 each; ``contracted`` takes reserved ones of the account."""
        return cls(size="gpu-h200x8-1128gb" + ("-contracted" if contracted else ""), count=count)

    @classmethod
    def management(cls, *, size: str = "s-2vcpu-4gb", nodes: tuple[int, int] = (2, 5)) -> Self:
        """Nodes without GPU for everything that is not a worker."""
        return cls(size=size, autoscale=nodes)

    @property
    def gpus_per_node(self) -> int:
        """GPUs of one node, read from the size slug; 0 for a size without."""
        match = _GPU_SIZE.fullmatch(self.size)
        return int(match["number"]) if match else 0

    @property
    def gpu_memory_gib(self) -> float | None:
        """Usable memory of one GPU; None for a size that we know nothing about."""
        match = _GPU_SIZE.fullmatch(self.size)
        return USABLE_GIB.get(match["gpu"]) if match else None

    @property
    def contracted(self) -> bool:
        """Whether the size is reserved for the account: there is no spare node."""
        return self.size.endswith("-contracted")

    @property
    def gpus(self) -> int:
        """GPUs of the pool at its largest."""
        nodes = self.count if self.autoscale is None else self.autoscale[1]
        return (nodes or 0) * self.gpus_per_node


class NfsTier(StrEnum):
    """Throughput class of a managed NFS share; it cannot be lowered again."""

    STANDARD = "standard"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class NfsExport:
    """Where an NFS share is mounted from; both may be known after apply only.

    Attributes:
        host: Address of the server.
        path: Directory that it exports.
    """

    host: str
    path: str


@dataclass(frozen=True, slots=True)
class ChartRef:
    """Where a Helm chart comes from; always pinned. Make it with a class method.

    Attributes:
        chart: Name, address or folder, as Helm takes it.
        version: Exact version; empty when ``chart`` itself is the pin.
        repository: Helm repository; empty when ``chart`` says it all.
    """

    chart: str
    version: str = ""
    repository: str = ""

    @classmethod
    def repo(cls, repository: str, chart: str, *, version: str) -> Self:
        """A chart of a Helm repository in exactly this version."""
        if not version or any(sign in version for sign in "<>=~^* "):
            raise UsageError(
                f"chart {chart}: got version {version!r}, allowed: one exact version",
                "a range installs another product every month",
            )
        return cls(chart, version, repository)

    @classmethod
    def url(cls, url: str) -> Self:
        """The archive of one version; for addresses and folders Helm ignores ``version``."""
        if not url.startswith("https://") or not url.endswith(".tgz"):
            raise UsageError(f"chart address {url!r}, allowed: https://... that ends in .tgz")
        return cls(url)

    @classmethod
    def local(cls, path: Path) -> Self:
        """A chart in a folder of this machine."""
        if not (path / "Chart.yaml").is_file():
            raise UsageError(f"no chart in {path}, allowed: a folder that holds a Chart.yaml")
        return cls(str(path))

    @classmethod
    def pinned(cls, chart: Chart) -> Self:
        """A chart of ``gtc_spec.versions``."""
        if chart.url:
            return cls.url(chart.url)
        return cls.repo(chart.repository, chart.name, version=chart.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """A checkpoint: one repository, one folder on the share.

    Attributes:
        repository: HuggingFace repository, ``owner/name``.
        checkpoint: Its size and public name. Default: what is known of the repository; an unknown
            one answers under its own name, and whether it fits the GPUs is not checked.
        mount: Where the share is mounted in a pod. Default: ``gtc_spec.names.MODEL_MOUNT``.
    """

    repository: str
    checkpoint: Checkpoint | None = None
    mount: PurePosixPath = _MOUNT

    def __post_init__(self) -> None:
        if not _REPOSITORY.fullmatch(self.repository):
            raise UsageError(f"model {self.repository!r}, allowed: owner/name")

    @classmethod
    def of(cls, model: Model) -> Self:
        """The checkpoint of an environment."""
        facts = Checkpoint(model.served_name, model.parameters_billion, model.weight_bytes)
        return cls(repository=model.repository, checkpoint=facts)

    @property
    def known(self) -> Checkpoint | None:
        """Size and public name, given or looked up."""
        return self.checkpoint or CHECKPOINTS.get(self.repository)

    @property
    def served_name(self) -> str:
        """Name under which the model answers."""
        return self.known.served_name if self.known else self.repository

    @property
    def path(self) -> PurePosixPath:
        """Folder of the checkpoint inside a pod."""
        return self.mount / self.repository

    @property
    def slug(self) -> str:
        """The repository as part of a Kubernetes name."""
        return re.sub(r"[^a-z0-9]+", "-", self.repository.lower()).strip("-")
