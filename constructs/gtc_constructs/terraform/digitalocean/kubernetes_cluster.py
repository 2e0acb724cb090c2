"""KubernetesCluster, made by ``make docs`` of its provider's schema."""

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
class KubernetesClusterSwitch(Block):
    """Arguments that stand together."""

    enabled: bool


@dataclass(frozen=True, kw_only=True)
class KubernetesClusterClusterAutoscalerConfiguration(Block):
    """Arguments that stand together."""

    expanders: Sequence[str] | None = None
    scale_down_unneeded_time: str | None = None
    scale_down_utilization_threshold: float | None = None


@dataclass(frozen=True, kw_only=True)
class KubernetesClusterControlPlaneFirewall(Block):
    """Arguments that stand together."""

    allowed_addresses: Sequence[str]
    enabled: bool


@dataclass(frozen=True, kw_only=True)
class KubernetesClusterMaintenancePolicy(Block):
    """Arguments that stand together."""

    day: str | None = None
    start_time: str | None = None


@dataclass(frozen=True, kw_only=True)
class KubernetesClusterNodePoolTaint(Block):
    """Arguments that stand together."""

    effect: str
    key: str
    value: str


@dataclass(frozen=True, kw_only=True)
class KubernetesClusterNodePool(Block):
    """Arguments that stand together."""

    name: str
    size: str
    auto_scale: bool | None = None
    gpu_partition_mode: str | None = None
    labels: Mapping[str, str] | None = None
    max_nodes: float | None = None
    min_nodes: float | None = None
    node_count: float | None = None
    tags: Sequence[str] | None = None
    taint: Sequence[KubernetesClusterNodePoolTaint] | None = None


@dataclass(frozen=True, kw_only=True)
class KubernetesClusterSso(Block):
    """Arguments that stand together."""

    enabled: bool
    client_id: str | None = None
    issuer_url: str | None = None
    required: bool | None = None


@dataclass(frozen=True, kw_only=True)
class KubernetesClusterTimeouts(Block):
    """Arguments that stand together."""

    create: str | None = None


class KubernetesClusterKubeConfig(Item):
    """An object that the provider fills."""

    client_certificate = text()
    client_key = text()
    cluster_ca_certificate = text()
    expires_at = text()
    host = text()
    raw_config = text()
    token = text()


class KubernetesClusterArguments(Meta, total=False):
    """Arguments of ``KubernetesCluster``."""

    amd_gpu_device_metrics_exporter_plugin: KubernetesClusterSwitch | None
    amd_gpu_device_plugin: KubernetesClusterSwitch | None
    amd_gpu_dra_driver: KubernetesClusterSwitch | None
    auto_upgrade: bool | None
    cluster_autoscaler_configuration: (
        Sequence[KubernetesClusterClusterAutoscalerConfiguration] | None
    )
    cluster_subnet: str | None
    control_plane_firewall: KubernetesClusterControlPlaneFirewall | None
    coredns_autoscaler: KubernetesClusterSwitch | None
    destroy_all_associated_resources: bool | None
    ha: bool | None
    isolated_workers: bool | None
    kubeconfig_expire_seconds: float | None
    maintenance_policy: KubernetesClusterMaintenancePolicy | None
    name: Required[str]
    node_pool: Required[KubernetesClusterNodePool]
    nvidia_gpu_device_plugin: KubernetesClusterSwitch | None
    nvidia_gpu_dra_driver: KubernetesClusterSwitch | None
    p2p_oci_registry_plugin: KubernetesClusterSwitch | None
    rdma_shared_device_plugin: KubernetesClusterSwitch | None
    region: Required[str]
    registry_integration: bool | None
    routing_agent: KubernetesClusterSwitch | None
    service_subnet: str | None
    sso: KubernetesClusterSso | None
    surge_upgrade: bool | None
    tags: Sequence[str] | None
    timeouts: KubernetesClusterTimeouts | None
    version: Required[str]
    vpc_uuid: str | None
    worker_subnet_uuid: str | None


class KubernetesCluster(Resource):
    """Resource ``digitalocean_kubernetes_cluster`` of provider digitalocean."""

    TYPE = "digitalocean_kubernetes_cluster"
    PROVIDER = PROVIDER_DIGITALOCEAN
    ARGUMENTS = KubernetesClusterArguments

    amd_gpu_device_metrics_exporter_plugin = other()
    amd_gpu_device_plugin = other()
    amd_gpu_dra_driver = other()
    auto_upgrade = other()
    cluster_autoscaler_configuration = other()
    cluster_subnet = text()
    control_plane_firewall = other()
    coredns_autoscaler = other()
    created_at = text()
    destroy_all_associated_resources = other()
    endpoint = text()
    ha = other()
    id = text()
    ipv4_address = text()
    isolated_workers = other()
    kube_config = Items(KubernetesClusterKubeConfig)
    kubeconfig_expire_seconds = number()
    maintenance_policy = other()
    name = text()
    node_pool = other()
    nvidia_gpu_device_plugin = other()
    nvidia_gpu_dra_driver = other()
    p2p_oci_registry_plugin = other()
    rdma_shared_device_plugin = other()
    region = text()
    registry_integration = other()
    routing_agent = other()
    service_subnet = text()
    sso = other()
    status = text()
    surge_upgrade = other()
    tags = texts()
    timeouts = other()
    updated_at = text()
    urn = text()
    version = text()
    vpc_uuid = text()
    worker_subnet_uuid = text()

    def __init__(
        self, scope: Construct, id: str, **arguments: Unpack[KubernetesClusterArguments]
    ) -> None:
        super().__init__(scope, id, arguments)
