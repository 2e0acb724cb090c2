"""Where an environment is hosted beside its workers: the small nodes and the share.

This module must not know Terraform or Kubernetes, nor what runs there.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gtc_spec.cloud import prices


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

    management_size: Annotated[str, AfterValidator(prices.priced)]
    """Droplet size of the nodes for everything that is no worker."""
    management_nodes: tuple[int, int]
    """Fewest and most of them."""
    share: Share | None = None
    """None where the engine brings its model along and nothing has to be stored."""

    @model_validator(mode="after")
    def _nodes_in_order(self) -> Hosting:
        low, high = self.management_nodes
        if not 1 <= low <= high:
            raise ValueError("management_nodes must be [low, high] with 1 <= low <= high")
        return self
