"""The one place that imports cdktf and the provider bindings.

Two reasons. Speed: the kubernetes bindings are 148 MB of Python whose package imports every one of
its 110 modules; a bare parent in ``sys.modules`` makes it execute only the named ones (3 s instead
of 10 s for the whole program). And the exit: cdktf is archived, so that a move to its fork is an
edit of this file. It must not know what the classes are used for.

``GTC_BINDINGS=full`` turns the short cut off.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType
from typing import Final

PROVIDERS: Final = (
    "cdktf_cdktf_provider_digitalocean",
    "cdktf_cdktf_provider_helm",
    "cdktf_cdktf_provider_kubernetes",
)
"""Packages that get a thin parent."""


def _thin_parent(name: str) -> None:
    """Let submodules of a package be imported without executing the package itself.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"no package {name!r}", name=name)
    parent = ModuleType(name)
    parent.__spec__ = spec
    parent.__package__ = name
    parent.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = parent


# the value is the major version whose nine lines on stderr are not wanted; newer ones print nothing
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
if os.environ.get("GTC_BINDINGS") != "full":
    for _name in PROVIDERS:
        _thin_parent(_name)

import jsii
from cdktf import (
    App,
    Aspects,
    AssetType,
    Fn,
    IAspect,
    ITerraformDependable,
    LocalBackend,
    Postcondition,
    Precondition,
    TerraformAsset,
    TerraformLocal,
    TerraformOutput,
    TerraformProviderGeneratorMetadata,
    TerraformResource,
    TerraformResourceLifecycle,
    TerraformStack,
    TerraformVariable,
    Testing,
    Token,
)
from cdktf_cdktf_provider_digitalocean.data_digitalocean_kubernetes_cluster import (
    DataDigitaloceanKubernetesCluster,
)
from cdktf_cdktf_provider_digitalocean.data_digitalocean_kubernetes_versions import (
    DataDigitaloceanKubernetesVersions,
)
from cdktf_cdktf_provider_digitalocean.kubernetes_cluster import (
    KubernetesCluster,
    KubernetesClusterControlPlaneFirewall,
    KubernetesClusterNodePool,
    KubernetesClusterTimeouts,
)
from cdktf_cdktf_provider_digitalocean.kubernetes_node_pool import (
    KubernetesNodePool,
    KubernetesNodePoolTimeouts,
)
from cdktf_cdktf_provider_digitalocean.nfs import Nfs
from cdktf_cdktf_provider_digitalocean.provider import DigitaloceanProvider
from cdktf_cdktf_provider_digitalocean.vpc import Vpc, VpcTimeouts
from cdktf_cdktf_provider_helm.provider import (
    HelmProvider,
    HelmProviderKubernetes,
)
from cdktf_cdktf_provider_helm.release import Release
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1, ConfigMapV1Metadata
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_kubernetes.runtime_class_v1 import (
    RuntimeClassV1,
    RuntimeClassV1Metadata,
)
from cdktf_cdktf_provider_kubernetes.secret_v1 import SecretV1, SecretV1Metadata
from constructs import Construct, IConstruct, IValidation

__all__ = [
    "PROVIDERS",
    "App",
    "Aspects",
    "AssetType",
    "ConfigMapV1",
    "ConfigMapV1Metadata",
    "Construct",
    "DataDigitaloceanKubernetesCluster",
    "DataDigitaloceanKubernetesVersions",
    "DigitaloceanProvider",
    "Fn",
    "HelmProvider",
    "HelmProviderKubernetes",
    "IAspect",
    "IConstruct",
    "ITerraformDependable",
    "IValidation",
    "KubernetesCluster",
    "KubernetesClusterControlPlaneFirewall",
    "KubernetesClusterNodePool",
    "KubernetesClusterTimeouts",
    "KubernetesNodePool",
    "KubernetesNodePoolTimeouts",
    "KubernetesProvider",
    "LocalBackend",
    "NamespaceV1",
    "NamespaceV1Metadata",
    "Nfs",
    "Postcondition",
    "Precondition",
    "Release",
    "RuntimeClassV1",
    "RuntimeClassV1Metadata",
    "SecretV1",
    "SecretV1Metadata",
    "TerraformAsset",
    "TerraformLocal",
    "TerraformOutput",
    "TerraformProviderGeneratorMetadata",
    "TerraformResource",
    "TerraformResourceLifecycle",
    "TerraformStack",
    "TerraformVariable",
    "Testing",
    "Token",
    "Vpc",
    "VpcTimeouts",
    "jsii",
]
