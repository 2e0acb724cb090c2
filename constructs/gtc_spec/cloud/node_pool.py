"""A pool of nodes as a caller asks for it, checked when it is made.

Plain frozen data: it must not know clusters or what runs on the nodes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from gtc_spec.arguments import checked, introduce
from gtc_spec.cloud import droplets, gpus, prices
from gtc_spec.cloud.droplets import CONTRACTED
from gtc_spec.errors import UsageError

_NAME: Final = re.compile(r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class NodePool:
    """A pool of identical nodes: fixed, or autoscaled between two limits.

    Attributes:
        size: Droplet size slug.
        name: Name of the pool in its cluster; workers of a pool with a name run on its nodes only.
            Default: none, then the cluster calls it ``gpu``, ``workers`` or ``management``, and
            workers run wherever there are GPUs.
        count: Nodes of a fixed pool. Default: none, then ``autoscale`` must be given.
        autoscale: Fewest and most nodes. Default: the pool is fixed.
        labels: Kubernetes labels of the nodes. Default: none.
        unlisted: Take the size although it is in no list of `gtc_spec.cloud.droplets`. Default:
            no.

    Raises:
        UsageError: Neither or both of ``count`` and ``autoscale`` are given, or out of range; the
            size is in no list; the name is none.
    """

    size: str
    name: str | None = None
    count: int | None = None
    autoscale: tuple[int, int] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    unlisted: bool = False

    def __post_init__(self) -> None:
        if not self.unlisted:
            droplets.check(self.size)
        if self.name is not None and not _NAME.fullmatch(self.name):
            raise UsageError(
                f"node pool name {self.name!r}, allowed: at most 63 of a-z, 0-9 and - between them"
            )
        if (self.count is None) == (self.autoscale is None):
            raise UsageError(
                f"node pool {self.size}: got count={self.count} and autoscale={self.autoscale}, "
                "allowed: one of the two"
            )
        if self.count is not None and self.count < 1:
            raise UsageError(f"node pool {self.size}: got count={self.count}, allowed: at least 1")
        if self.autoscale and not 1 <= self.autoscale[0] <= self.autoscale[1]:
            raise UsageError(
                f"node pool {self.size}: got autoscale={self.autoscale}, allowed: (low, high) with "
                "1 <= low <= high"
            )

    @classmethod
    def h100(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with one NVIDIA H100 each, 80 GB."""
        return cls(size=gpus.size("h100", 1), count=count, name=name)

    @classmethod
    def h100x8(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with eight NVIDIA H100 each, 640 GB."""
        return cls(size=gpus.size("h100", 8), count=count, name=name)

    @classmethod
    def h200(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with one NVIDIA H200 each, 141 GB."""
        return cls(size=gpus.size("h200", 1), count=count, name=name)

    @classmethod
    @checked
    def h200x8(cls, *, count: int = 1, name: str | None = None, contracted: bool = False) -> Self:
        """Nodes with eight NVIDIA H200 each, 1,128 GB; ``contracted`` takes those of a contract."""
        size = gpus.size("h200", 8) + (CONTRACTED if contracted else "")
        return cls(size=size, count=count, name=name)

    @classmethod
    def l40s(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with one NVIDIA L40S each, 48 GB."""
        return cls(size=gpus.size("l40s", 1), count=count, name=name)

    @classmethod
    def rtx4000_ada(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with one NVIDIA RTX 4000 Ada each, 20 GB."""
        return cls(size=gpus.size("4000ada", 1), count=count, name=name)

    @classmethod
    def rtx6000_ada(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with one NVIDIA RTX 6000 Ada each, 48 GB."""
        return cls(size=gpus.size("6000ada", 1), count=count, name=name)

    @classmethod
    def mi300x(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with one AMD MI300X each, 192 GB; no `Serving` runs on them."""
        return cls(size=gpus.size("mi300", 1), count=count, name=name)

    @classmethod
    def mi300xx8(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with eight AMD MI300X each, 1,536 GB; no `Serving` runs on them."""
        return cls(size=gpus.size("mi300", 8), count=count, name=name)

    @classmethod
    def mi325x(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with one AMD MI325X each, 256 GB; no `Serving` runs on them."""
        return cls(size=gpus.size("mi325", 1), count=count, name=name)

    @classmethod
    def mi325xx8(cls, *, count: int = 1, name: str | None = None) -> Self:
        """Nodes with eight AMD MI325X each, 2,048 GB; no `Serving` runs on them."""
        return cls(size=gpus.size("mi325", 8), count=count, name=name)

    @classmethod
    @checked
    def management(
        cls,
        *,
        size: str = "s-2vcpu-4gb",
        nodes: tuple[int, int] = (2, 5),
        name: str | None = None,
    ) -> Self:
        """Nodes without GPU for everything that is not a worker, fewest and most ``nodes``."""
        return cls(size=size, autoscale=nodes, name=name)

    @property
    def gpus_per_node(self) -> int:
        """GPUs of one node, read from the size slug; 0 for a size without."""
        return gpus.per_node(self.size)

    @property
    def gpu_memory_gib(self) -> float | None:
        """Usable memory of one GPU; None for a size that we know nothing about."""
        gpu = gpus.of(self.size)
        return None if gpu is None else gpu.usable_gib

    @property
    def gpu_maker(self) -> gpus.Maker | None:
        """Who makes its GPUs; None for a size that we know nothing about."""
        gpu = gpus.of(self.size)
        return None if gpu is None else gpu.maker

    @property
    def contracted(self) -> bool:
        """Whether the size is reserved for the account: there is no spare node."""
        return self.size.endswith(CONTRACTED)

    @property
    def gpus(self) -> int:
        """GPUs of the pool at its largest."""
        return self.nodes_max * self.gpus_per_node

    @property
    def nodes_max(self) -> int:
        """Nodes of the pool at its largest."""
        return (self.count if self.autoscale is None else self.autoscale[1]) or 0

    @property
    def usd_h(self) -> float | None:
        """US dollars an hour of the pool at its largest, on demand; None when nobody knows."""
        try:
            return self.nodes_max * prices.of(self.size).usd_h
        except ValueError:
            return None


introduce(NodePool, "a NodePool", "NodePool.h100(count=2)")
