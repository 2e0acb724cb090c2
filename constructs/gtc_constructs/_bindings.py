"""What the constructs are made of: cdktf's classes, and those of the resources that they make.

One list of names, so that a construct need not know where each one lives: with cdktf in the
published bindings, with its fork in our own classes. It must not know what they are used for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtc_constructs._cdk import (
    CDK,
    App,
    Aspects,
    AssetType,
    Construct,
    Fn,
    IAspect,
    IConstruct,
    ITerraformDependable,
    IValidation,
    LocalBackend,
    Postcondition,
    Precondition,
    TerraformAsset,
    TerraformBackend,
    TerraformLocal,
    TerraformOutput,
    TerraformProvider,
    TerraformProviderGeneratorMetadata,
    TerraformResource,
    TerraformResourceLifecycle,
    TerraformStack,
    TerraformVariable,
    Testing,
    Token,
    jsii,
)

if TYPE_CHECKING or CDK == "cdktf":
    from gtc_constructs.terraform.published import (
        ConfigMapV1,
        ConfigMapV1Metadata,
        DataDigitaloceanKubernetesCluster,
        DataDigitaloceanKubernetesVersions,
        DigitaloceanProvider,
        HelmProvider,
        HelmProviderKubernetes,
        KubernetesCluster,
        KubernetesClusterControlPlaneFirewall,
        KubernetesClusterNodePool,
        KubernetesClusterTimeouts,
        KubernetesNodePool,
        KubernetesNodePoolTimeouts,
        KubernetesProvider,
        NamespaceV1,
        NamespaceV1Metadata,
        Nfs,
        Release,
        RuntimeClassV1,
        RuntimeClassV1Metadata,
        SecretV1,
        SecretV1Metadata,
        Vpc,
        VpcTimeouts,
    )
else:  # the fork, for which nobody publishes all of them
    from gtc_constructs.terraform.digitalocean.data_kubernetes_cluster import (
        DataDigitaloceanKubernetesCluster,
    )
    from gtc_constructs.terraform.digitalocean.data_kubernetes_versions import (
        DataDigitaloceanKubernetesVersions,
    )
    from gtc_constructs.terraform.digitalocean.kubernetes_cluster import (
        KubernetesCluster,
        KubernetesClusterControlPlaneFirewall,
        KubernetesClusterNodePool,
        KubernetesClusterTimeouts,
    )
    from gtc_constructs.terraform.digitalocean.kubernetes_node_pool import (
        KubernetesNodePool,
        KubernetesNodePoolTimeouts,
    )
    from gtc_constructs.terraform.digitalocean.nfs import Nfs
    from gtc_constructs.terraform.digitalocean.provider import DigitaloceanProvider
    from gtc_constructs.terraform.digitalocean.vpc import Vpc, VpcTimeouts
    from gtc_constructs.terraform.helm.provider import HelmProvider, HelmProviderKubernetes
    from gtc_constructs.terraform.helm.release import Release
    from gtc_constructs.terraform.kubernetes.config_map_v1 import ConfigMapV1, ConfigMapV1Metadata
    from gtc_constructs.terraform.kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata
    from gtc_constructs.terraform.kubernetes.provider import KubernetesProvider
    from gtc_constructs.terraform.kubernetes.runtime_class_v1 import (
        RuntimeClassV1,
        RuntimeClassV1Metadata,
    )
    from gtc_constructs.terraform.kubernetes.secret_v1 import SecretV1, SecretV1Metadata

__all__ = [
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
    "TerraformBackend",
    "TerraformLocal",
    "TerraformOutput",
    "TerraformProvider",
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
