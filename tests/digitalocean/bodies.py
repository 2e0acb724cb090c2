"""Bodies of requests as godo 1.201 and the Terraform provider 2.99 send them, nothing else.

Field by field from godo's ``*Request`` types (kubernetes.go, vpcs.go, nfs.go, nfs_actions.go).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """A JSON object without a field that is not listed here."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @property
    def sent(self) -> dict[str, Any]:
        """What the request held, without nulls."""
        return self.model_dump(exclude_unset=True, exclude_none=True)


class Switch(Body):
    enabled: bool | None = None


class Taint(Body):
    key: str
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


class PoolUpdate(Body):
    name: str | None = None
    count: int | None = None
    tags: list[str] | None = None
    labels: dict[str, str] | None = None
    taints: list[Taint] | None = None
    auto_scale: bool | None = None
    min_nodes: int | None = None
    max_nodes: int | None = None


class PoolCreate(PoolUpdate):
    name: str
    size: str


class Maintenance(Body):
    start_time: str
    duration: str | None = None
    day: str


class Firewall(Body):
    enabled: bool | None = None
    allowed_addresses: list[str] | None = None


class Autoscaler(Body):
    scale_down_utilization_threshold: float | None = None
    scale_down_unneeded_time: str | None = None
    expanders: list[str] | None = None


class ClusterUpdate(Body):
    name: str | None = None
    tags: list[str] | None = None
    maintenance_policy: Maintenance | None = None
    auto_upgrade: bool | None = None
    surge_upgrade: bool | None = None
    ha: bool | None = None
    control_plane_firewall: Firewall | None = None
    cluster_autoscaler_configuration: Autoscaler | None = None
    routing_agent: Switch | None = None
    amd_gpu_device_plugin: Switch | None = None
    amd_gpu_device_metrics_exporter_plugin: Switch | None = None
    nvidia_gpu_device_plugin: Switch | None = None
    rdma_shared_dev_plugin: Switch | None = None
    coredns_autoscaler: Switch | None = None
    p2p_oci_registry_plugin: Switch | None = None
    sso: dict[str, Any] | None = None


class ClusterCreate(ClusterUpdate):
    name: str
    region: str
    version: str
    vpc_uuid: str
    worker_subnet_uuid: str | None = None
    cluster_subnet: str | None = None
    service_subnet: str | None = None
    node_pools: Annotated[list[PoolCreate], Field(min_length=1)]


class ClusterUpgrade(Body):
    version: str


class RegistryClusters(Body):
    cluster_uuids: list[str]


class VpcUpdate(Body):
    name: str | None = None
    description: str | None = None
    default: bool | None = None


class VpcCreate(Body):
    name: str
    region: str
    description: str | None = None
    ip_range: str | None = None


class ShareCreate(Body):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    size_gib: Annotated[int, Field(ge=50)]
    region: str
    vpc_ids: Annotated[list[str], Field(min_length=1)]
    performance_tier: Literal["standard", "high"] = "standard"


class ShareAction(Body):
    type: Literal["resize", "switch_performance_tier"]
    region: str | None = None
    params: dict[str, Any]
