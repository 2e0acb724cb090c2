"""The nodes that carry the workers, and the slots on them: one place for one worker each.

On GPU nodes a slot is a GPU. On CPU nodes it is room for one simulated worker, so that everything
which counts in slots (pools, phases, scale rules, bills) needs no GPU to be true. This module must
not know Terraform or Kubernetes objects.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gtc_spec.arguments import plainly
from gtc_spec.cloud import prices
from gtc_spec.cloud.gpus import known_size, per_node, title, usable_gib


class _Nodes(BaseModel):
    """Identical droplets, as many as the workers need."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    size: Annotated[str, AfterValidator(prices.priced)]
    """Droplet size slug."""
    count: int = Field(ge=1)
    """Nodes."""
    slots_per_node: int = Field(ge=1)
    """Workers that fit a node."""

    @property
    def slots(self) -> int:
        """Workers that can run at any one time."""
        return self.count * self.slots_per_node


class GpuNodes(_Nodes):
    """Nodes with GPUs; a slot is one GPU."""

    kind: Literal["gpu"]
    size: Annotated[str, AfterValidator(prices.priced), AfterValidator(known_size)]
    slots_per_node: int = Field(default_factory=lambda found: per_node(found["size"]), ge=1)
    """GPUs of one node; follows from its size."""
    memory_gib: float = Field(default_factory=lambda found: usable_gib(found["size"]), gt=0)
    """Usable memory of one GPU; follows from its size."""

    @property
    def gpus(self) -> int:
        """GPUs of all nodes."""
        return self.slots

    @property
    def slot_name(self) -> str:
        """What a person calls one slot."""
        return "GPU"


@plainly
class CpuNodes(_Nodes):
    """Nodes without GPUs; a slot is room for one simulated worker."""

    kind: Literal["cpu"]
    """Tells the two kinds apart where they are read."""
    slot_cpu: float = Field(gt=0)
    """CPUs that one worker requests; a node must hold its slots and not one more."""
    slot_memory_mib: int = Field(ge=64)
    """Memory that one worker requests and may use, MiB."""
    gpus: Literal[0] = 0
    """GPUs of all nodes. Default: 0, the only value."""

    @property
    def slot_name(self) -> str:
        """What a person calls one slot."""
        return "simulated worker slot"


WorkerNodes = Annotated[GpuNodes | CpuNodes, Field(discriminator="kind")]
"""Nodes of either kind; ``kind`` says which."""


def counted(number: int, nodes: GpuNodes | CpuNodes) -> str:
    """So many slots in words, such as ``8 GPUs`` or ``1 simulated worker slot``."""
    return f"{number} {nodes.slot_name}{'' if number == 1 else 's'}"


def hardware(nodes: GpuNodes | CpuNodes) -> str:
    """What the workers run on, for an audience: ``8× H200`` or ``8 simulated worker slots``."""
    if isinstance(nodes, GpuNodes):
        return f"{nodes.slots}× {title(nodes.size)}"
    return counted(nodes.slots, nodes)
