"""DataDigitaloceanKubernetesCluster, made by ``make docs`` of its provider's schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Required, Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import (
    Block,
    DataSource,
    Item,
    Items,
    Meta,
    number,
    other,
    text,
    texts,
)
from gtc_spec.versions import PROVIDER_DIGITALOCEAN


@dataclass(frozen=True, kw_only=True)
class DataDigitaloceanKubernetesClusterClusterAutoscalerConfiguration(Block):
    """Arguments that stand together."""

    expanders: Sequence[str] | None = None
    scale_down_unneeded_time: str | None = None
    scale_down_utilization_threshold: float | None = None


class DataDigitaloceanKubernetesClusterKubeConfig(Item):
    """An object that the provider fills."""

    client_certificate = text()
    client_key = text()
    cluster_ca_certificate = text()
    expires_at = text()
    host = text()
    raw_config = text()
    token = text()


class DataDigitaloceanKubernetesClusterMaintenancePolicy(Item):
    """An object that the provider fills."""

    day = text()
    duration = text()
    start_time = text()


class DataDigitaloceanKubernetesClusterNodePool(Item):
    """An object that the provider fills."""

    gpu_partition_mode = text()
    id = text()
    name = text()
    size = text()


class DataDigitaloceanKubernetesClusterArguments(Meta, total=False):
    """Arguments of ``DataDigitaloceanKubernetesCluster``."""

    cluster_autoscaler_configuration: (
        Sequence[DataDigitaloceanKubernetesClusterClusterAutoscalerConfiguration] | None
    )
    kubeconfig_expire_seconds: float | None
    name: Required[str]
    tags: Sequence[str] | None


class DataDigitaloceanKubernetesCluster(DataSource):
    """Data source ``digitalocean_kubernetes_cluster`` of provider digitalocean."""

    TYPE = "digitalocean_kubernetes_cluster"
    PROVIDER = PROVIDER_DIGITALOCEAN
    ARGUMENTS = DataDigitaloceanKubernetesClusterArguments

    amd_gpu_device_metrics_exporter_plugin = other()
    amd_gpu_device_plugin = other()
    amd_gpu_dra_driver = other()
    auto_upgrade = other()
    cluster_autoscaler_configuration = other()
    cluster_subnet = text()
    control_plane_firewall = other()
    coredns_autoscaler = other()
    created_at = text()
    endpoint = text()
    ha = other()
    id = text()
    ipv4_address = text()
    isolated_workers = other()
    kube_config = Items(DataDigitaloceanKubernetesClusterKubeConfig)
    kubeconfig_expire_seconds = number()
    maintenance_policy = Items(DataDigitaloceanKubernetesClusterMaintenancePolicy)
    name = text()
    node_pool = Items(DataDigitaloceanKubernetesClusterNodePool)
    nvidia_gpu_device_plugin = other()
    nvidia_gpu_dra_driver = other()
    p2p_oci_registry_plugin = other()
    rdma_shared_device_plugin = other()
    region = text()
    routing_agent = other()
    service_subnet = text()
    sso = other()
    status = text()
    surge_upgrade = other()
    tags = texts()
    updated_at = text()
    urn = text()
    version = text()
    vpc_uuid = text()
    worker_subnet_uuid = text()

    def __init__(
        self,
        scope: Construct,
        id: str,
        **arguments: Unpack[DataDigitaloceanKubernetesClusterArguments],
    ) -> None:
        super().__init__(scope, id, arguments)
