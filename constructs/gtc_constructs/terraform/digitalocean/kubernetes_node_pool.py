"""KubernetesNodePool, made by ``make docs`` of its provider's schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Required, Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import (
    Block,
    Item,
    Items,
    Meta,
    Resource,
    number,
    other,
    text,
    texts,
)
from gtc_spec.versions import PROVIDER_DIGITALOCEAN


@dataclass(frozen=True, kw_only=True)
class KubernetesNodePoolTaint(Block):
    """Arguments that stand together."""

    effect: str
    key: str
    value: str


@dataclass(frozen=True, kw_only=True)
class KubernetesNodePoolTimeouts(Block):
    """Arguments that stand together."""

    create: str | None = None
    delete: str | None = None


class KubernetesNodePoolNodes(Item):
    """An object that the provider fills."""

    created_at = text()
    droplet_id = text()
    id = text()
    name = text()
    status = text()
    updated_at = text()


class KubernetesNodePoolArguments(Meta, total=False):
    """Arguments of ``KubernetesNodePool``."""

    auto_scale: bool | None
    cluster_id: Required[str]
    gpu_partition_mode: str | None
    labels: Mapping[str, str] | None
    max_nodes: float | None
    min_nodes: float | None
    name: Required[str]
    node_count: float | None
    size: Required[str]
    tags: Sequence[str] | None
    taint: Sequence[KubernetesNodePoolTaint] | None
    timeouts: KubernetesNodePoolTimeouts | None


class KubernetesNodePool(Resource):
    """Resource ``digitalocean_kubernetes_node_pool`` of provider digitalocean."""

    TYPE = "digitalocean_kubernetes_node_pool"
    PROVIDER = PROVIDER_DIGITALOCEAN
    ARGUMENTS = KubernetesNodePoolArguments

    actual_node_count = number()
    auto_scale = other()
    cluster_id = text()
    gpu_partition_mode = text()
    id = text()
    labels = other()
    max_nodes = number()
    min_nodes = number()
    name = text()
    node_count = number()
    nodes = Items(KubernetesNodePoolNodes)
    size = text()
    tags = texts()
    taint = other()
    timeouts = other()

    def __init__(
        self, scope: Construct, id: str, **arguments: Unpack[KubernetesNodePoolArguments]
    ) -> None:
        super().__init__(scope, id, arguments)
