"""The published bindings of cdktf's providers: the classes of resources under cdktf itself.

The Kubernetes bindings are 148 MB of Python whose package imports every one of its 110 modules; a
bare parent in ``sys.modules`` executes only those that are asked for (3 s instead of 10 s for the
whole program). What a provider has learnt since its bindings were published is added here. It must
not know what the classes are used for.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final

PROVIDERS: Final = (
    "cdktf_cdktf_provider_digitalocean",
    "cdktf_cdktf_provider_helm",
    "cdktf_cdktf_provider_kubernetes",
)
"""Packages that get a thin parent."""


class _Thin(ModuleType):
    """A package that imports a module of its own when somebody asks for it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return import_module(f"{self.__name__}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(f"module {self.__name__!r} has no {name!r}") from error


def _thin_parent(name: str) -> None:
    """Let modules of a package be imported without executing the package itself.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"no package {name!r}", name=name)
    parent = _Thin(name)
    parent.__spec__ = spec
    parent.__package__ = name
    parent.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = parent


for _name in PROVIDERS:
    _thin_parent(_name)

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
from cdktf_cdktf_provider_digitalocean.nfs import Nfs as _Nfs
from cdktf_cdktf_provider_digitalocean.provider import DigitaloceanProvider
from cdktf_cdktf_provider_digitalocean.vpc import Vpc, VpcTimeouts
from cdktf_cdktf_provider_helm.provider import HelmProvider, HelmProviderKubernetes
from cdktf_cdktf_provider_helm.release import Release
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1, ConfigMapV1Metadata
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_kubernetes.runtime_class_v1 import (
    RuntimeClassV1,
    RuntimeClassV1Metadata,
)
from cdktf_cdktf_provider_kubernetes.secret_v1 import SecretV1, SecretV1Metadata

__all__ = [
    "ConfigMapV1",
    "ConfigMapV1Metadata",
    "DataDigitaloceanKubernetesCluster",
    "DataDigitaloceanKubernetesVersions",
    "DigitaloceanProvider",
    "HelmProvider",
    "HelmProviderKubernetes",
    "KubernetesCluster",
    "KubernetesClusterControlPlaneFirewall",
    "KubernetesClusterNodePool",
    "KubernetesClusterTimeouts",
    "KubernetesNodePool",
    "KubernetesNodePoolTimeouts",
    "KubernetesProvider",
    "NamespaceV1",
    "NamespaceV1Metadata",
    "Nfs",
    "Release",
    "RuntimeClassV1",
    "RuntimeClassV1Metadata",
    "SecretV1",
    "SecretV1Metadata",
    "Vpc",
    "VpcTimeouts",
]


class Nfs(_Nfs):
    """A share with what 2.72 and 2.77 of the provider brought; the bindings are of 2.71.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        performance_tier: Throughput class. Default: the provider's.
        arguments: All others.
    """

    def __init__(
        self, scope: Any, id: str, *, performance_tier: str | None = None, **arguments: Any
    ) -> None:
        super().__init__(scope, id, **arguments)
        if performance_tier is not None:
            self.add_override("performance_tier", performance_tier)

    @property
    def host(self) -> str:
        """Address of its server; known after apply."""
        return self.get_string_attribute("host")

    @property
    def mount_path(self) -> str:
        """Directory that it exports; known after apply."""
        return self.get_string_attribute("mount_path")
