"""HelmProvider, made by ``make docs`` of its provider's schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import Block, ProviderBlock, ProviderMeta
from gtc_spec.versions import PROVIDER_HELM


@dataclass(frozen=True, kw_only=True)
class HelmProviderExperiments(Block):
    """Arguments that stand together."""

    manifest: bool | None = None


@dataclass(frozen=True, kw_only=True)
class HelmProviderKubernetesExec(Block):
    """Arguments that stand together."""

    api_version: str
    command: str
    args: Sequence[str] | None = None
    env: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class HelmProviderKubernetes(Block):
    """Arguments that stand together."""

    client_certificate: str | None = None
    client_key: str | None = None
    cluster_ca_certificate: str | None = None
    config_context: str | None = None
    config_context_auth_info: str | None = None
    config_context_cluster: str | None = None
    config_path: str | None = None
    config_paths: Sequence[str] | None = None
    exec: HelmProviderKubernetesExec | None = None
    host: str | None = None
    insecure: bool | None = None
    password: str | None = None
    proxy_url: str | None = None
    tls_server_name: str | None = None
    token: str | None = None
    username: str | None = None


@dataclass(frozen=True, kw_only=True)
class HelmProviderRegistries(Block):
    """Arguments that stand together."""

    password: str
    url: str
    username: str


class HelmProviderArguments(ProviderMeta, total=False):
    """Arguments of ``HelmProvider``."""

    burst_limit: float | None
    debug: bool | None
    experiments: HelmProviderExperiments | None
    helm_driver: str | None
    kubernetes: HelmProviderKubernetes | None
    plugins_path: str | None
    qps: float | None
    registries: Sequence[HelmProviderRegistries] | None
    registry_config_path: str | None
    repository_cache: str | None
    repository_config_path: str | None


class HelmProvider(ProviderBlock):
    """Configuration of provider helm."""

    PROVIDER = PROVIDER_HELM
    ARGUMENTS = HelmProviderArguments

    def __init__(
        self, scope: Construct, id: str, **arguments: Unpack[HelmProviderArguments]
    ) -> None:
        super().__init__(scope, id, arguments)
