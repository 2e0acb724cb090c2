"""Disaggregated LLM inference on DigitalOcean Kubernetes, as constructs for cdktf.

The public face: ``from gtc_constructs import GpuCluster, NodePool``. A name is imported from its
home when it is first asked for, because the first import of cdktf starts a Node process: a program
that only imports this package, or takes plain values from it, starts none. It must not know what a
name is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gtc_constructs.app import App as App
    from gtc_constructs.app import AzurermBackend as AzurermBackend
    from gtc_constructs.app import CloudBackend as CloudBackend
    from gtc_constructs.app import GcsBackend as GcsBackend
    from gtc_constructs.app import HttpBackend as HttpBackend
    from gtc_constructs.app import LocalBackend as LocalBackend
    from gtc_constructs.app import NamedCloudWorkspace as NamedCloudWorkspace
    from gtc_constructs.app import S3Backend as S3Backend
    from gtc_constructs.app import TerraformOutput as TerraformOutput
    from gtc_constructs.app import TerraformStack as TerraformStack
    from gtc_constructs.app import synthesise as synthesise
    from gtc_constructs.cluster.connection import ClusterConnection as ClusterConnection
    from gtc_constructs.cluster.connection import KubeconfigConnection as KubeconfigConnection
    from gtc_constructs.cluster.gpu_cluster import GpuCluster as GpuCluster
    from gtc_constructs.cluster.nfs_share import NfsShare as NfsShare
    from gtc_constructs.demo_panel import DemoPanel as DemoPanel
    from gtc_constructs.export import export_terraform as export_terraform
    from gtc_constructs.manifest_release import ManifestRelease as ManifestRelease
    from gtc_constructs.namespace import Namespace as Namespace
    from gtc_constructs.platform.dynamo_platform import DynamoPlatform as DynamoPlatform
    from gtc_constructs.platform.keda import Keda as Keda
    from gtc_constructs.platform.observability import Observability as Observability
    from gtc_constructs.secrets import SecretRef as SecretRef
    from gtc_constructs.secrets import WorkloadSecrets as WorkloadSecrets
    from gtc_constructs.serving.disagg_deployment import (
        AggregatedDeployment as AggregatedDeployment,
    )
    from gtc_constructs.serving.disagg_deployment import DisaggDeployment as DisaggDeployment
    from gtc_constructs.serving.keda_scaler import KedaScaler as KedaScaler
    from gtc_constructs.serving.keda_scaler import PrometheusTrigger as PrometheusTrigger
    from gtc_constructs.serving.keda_scaler import Scalable as Scalable
    from gtc_constructs.serving.keda_scaler import ScaleTarget as ScaleTarget
    from gtc_constructs.serving.model_download import ModelDownload as ModelDownload
    from gtc_constructs.serving.model_store import ModelStore as ModelStore
    from gtc_constructs.serving.public_endpoint import PublicEndpoint as PublicEndpoint
    from gtc_constructs.stacks import ClusterStack as ClusterStack
    from gtc_constructs.stacks import InfraStack as InfraStack
    from gtc_constructs.state import SpacesBackend as SpacesBackend
    from gtc_constructs.values import ChartRef as ChartRef
    from gtc_constructs.values import ExistingVpc as ExistingVpc
    from gtc_constructs.values import NfsExport as NfsExport
    from gtc_constructs.values import NfsTier as NfsTier
    from gtc_spec.cloud.node_pool import NodePool as NodePool
    from gtc_spec.cloud.nodes import CpuNodes as CpuNodes
    from gtc_spec.engines.engine_facts import EngineFacts as EngineFacts
    from gtc_spec.engines.mocker import Mocker as Mocker
    from gtc_spec.engines.sglang import Sglang as Sglang
    from gtc_spec.engines.trtllm import Trtllm as Trtllm
    from gtc_spec.engines.vllm import Vllm as Vllm
    from gtc_spec.errors import UsageError as UsageError
    from gtc_spec.graph.existing import ExistingBucket as ExistingBucket
    from gtc_spec.graph.existing import ExistingModels as ExistingModels
    from gtc_spec.graph.existing import ExistingMonitoring as ExistingMonitoring
    from gtc_spec.graph.existing import ExistingPlatform as ExistingPlatform
    from gtc_spec.graph.existing import ExistingSecret as ExistingSecret
    from gtc_spec.graph.model_ref import ModelRef as ModelRef
    from gtc_spec.graph.serving import Serving as Serving
    from gtc_spec.graph.workers import Workers as Workers
    from gtc_spec.manifests.placement import POOL_LABEL as POOL_LABEL
    from gtc_spec.pools import ScaleRule as ScaleRule
    from gtc_spec.serving import Checkpoint as Checkpoint

_NAMES: Final = {
    "gtc_constructs.app": (
        "App", "AzurermBackend", "CloudBackend", "GcsBackend", "HttpBackend", "LocalBackend",
        "NamedCloudWorkspace", "S3Backend", "TerraformOutput", "TerraformStack", "synthesise",
    ),
    "gtc_constructs.cluster.connection": ("ClusterConnection", "KubeconfigConnection"),
    "gtc_constructs.cluster.gpu_cluster": ("GpuCluster",),
    "gtc_constructs.cluster.nfs_share": ("NfsShare",),
    "gtc_constructs.demo_panel": ("DemoPanel",),
    "gtc_constructs.export": ("export_terraform",),
    "gtc_constructs.manifest_release": ("ManifestRelease",),
    "gtc_constructs.namespace": ("Namespace",),
    "gtc_constructs.platform.dynamo_platform": ("DynamoPlatform",),
    "gtc_constructs.platform.keda": ("Keda",),
    "gtc_constructs.platform.observability": ("Observability",),
    "gtc_constructs.secrets": ("SecretRef", "WorkloadSecrets"),
    "gtc_constructs.serving.disagg_deployment": ("AggregatedDeployment", "DisaggDeployment"),
    "gtc_constructs.serving.keda_scaler": (
        "KedaScaler", "PrometheusTrigger", "Scalable", "ScaleTarget",
    ),
    "gtc_constructs.serving.model_download": ("ModelDownload",),
    "gtc_constructs.serving.model_store": ("ModelStore",),
    "gtc_constructs.serving.public_endpoint": ("PublicEndpoint",),
    "gtc_constructs.stacks": ("ClusterStack", "InfraStack"),
    "gtc_constructs.state": ("SpacesBackend",),
    "gtc_constructs.values": ("ChartRef", "ExistingVpc", "NfsExport", "NfsTier"),
    "gtc_spec.cloud.node_pool": ("NodePool",),
    "gtc_spec.cloud.nodes": ("CpuNodes",),
    "gtc_spec.engines.engine_facts": ("EngineFacts",),
    "gtc_spec.engines.mocker": ("Mocker",),
    "gtc_spec.engines.sglang": ("Sglang",),
    "gtc_spec.engines.trtllm": ("Trtllm",),
    "gtc_spec.engines.vllm": ("Vllm",),
    "gtc_spec.errors": ("UsageError",),
    "gtc_spec.graph.existing": (
        "ExistingBucket", "ExistingModels", "ExistingMonitoring", "ExistingPlatform",
        "ExistingSecret",
    ),
    "gtc_spec.graph.model_ref": ("ModelRef",),
    "gtc_spec.graph.serving": ("Serving",),
    "gtc_spec.graph.workers": ("Workers",),
    "gtc_spec.manifests.placement": ("POOL_LABEL",),
    "gtc_spec.pools": ("ScaleRule",),
    "gtc_spec.serving": ("Checkpoint",),
}  # fmt: skip
"""Names by the module that has them: what the imports above tell type checkers and editors."""
_HOMES: Final = {name: module for module, names in _NAMES.items() for name in names}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
