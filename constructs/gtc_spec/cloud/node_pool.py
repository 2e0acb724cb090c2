"""A pool of nodes as a caller asks for it, checked when it is made.

Plain frozen data: it must not know clusters, prices or what runs on the nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from gtc_spec.cloud import gpus
from gtc_spec.cloud.prices import CONTRACTED
from gtc_spec.errors import UsageError


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
        return cls(size=gpus.size("h100", 1), count=count)

    @classmethod
    def h200x8(cls, *, count: int = 1, contracted: bool = False) -> Self:
        """Nodes with eight H200 each; ``contracted`` takes reserved ones of the account."""
        return cls(size=gpus.size("h200", 8) + (CONTRACTED if contracted else ""), count=count)

    @classmethod
    def management(cls, *, size: str = "s-2vcpu-4gb", nodes: tuple[int, int] = (2, 5)) -> Self:
        """Nodes without GPU for everything that is not a worker."""
        return cls(size=size, autoscale=nodes)

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
    def contracted(self) -> bool:
        """Whether the size is reserved for the account: there is no spare node."""
        return self.size.endswith(CONTRACTED)

    @property
    def gpus(self) -> int:
        """GPUs of the pool at its largest."""
        nodes = self.count if self.autoscale is None else self.autoscale[1]
        return (nodes or 0) * self.gpus_per_node
