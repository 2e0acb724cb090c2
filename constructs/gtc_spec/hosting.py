"""Where an environment is hosted beside its workers: the small nodes and the share.

This module must not know Terraform or Kubernetes, nor what runs there.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Share(BaseModel):
    """The NFS share with the models."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    gib: int = Field(ge=50, le=32_768)
    """Size, GiB. Throughput grows with it; it can grow, but never shrink."""
    tier: Literal["standard", "high"]
    """Throughput class; it cannot be lowered."""


class Hosting(BaseModel):
    """The management pool, and the share where the models need one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    management_size: str
    """Droplet size of the nodes for everything that is no worker."""
    management_nodes: tuple[int, int]
    """Fewest and most of them."""
    management_node_usd_h: float = Field(gt=0, le=100)
    """Price of one management node, US dollars an hour."""
    share: Share | None = None
    """None where the engine brings its model along and nothing has to be stored."""

    @model_validator(mode="after")
    def _nodes_in_order(self) -> Hosting:
        low, high = self.management_nodes
        if not 1 <= low <= high:
            raise ValueError("management_nodes must be [low, high] with 1 <= low <= high")
        return self
