"""KubernetesProvider, made by ``make docs`` of its provider's schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import Block, ProviderBlock, ProviderMeta
from gtc_spec.versions import PROVIDER_KUBERNETES


@dataclass(frozen=True, kw_only=True)
class KubernetesProviderExec(Block):
    """Arguments that stand together."""

    api_version: str
    command: str
    args: Sequence[str] | None = None
    env: Mapping[str, str] | None = None


class KubernetesProviderArguments(ProviderMeta, total=False):
    """Arguments of ``KubernetesProvider``."""

    client_certificate: str | None
    client_key: str | None
    cluster_ca_certificate: str | None
    config_context: str | None
    config_context_auth_info: str | None
    config_context_cluster: str | None
    config_path: str | None
    config_paths: Sequence[str] | None
    exec: Sequence[KubernetesProviderExec] | None
    host: str | None
    ignore_annotations: Sequence[str] | None
    ignore_labels: Sequence[str] | None
    insecure: bool | None
    password: str | None
    proxy_url: str | None
    tls_server_name: str | None
    token: str | None
    username: str | None


class KubernetesProvider(ProviderBlock):
    """Configuration of provider kubernetes."""

    PROVIDER = PROVIDER_KUBERNETES
    ARGUMENTS = KubernetesProviderArguments

    def __init__(
        self, scope: Construct, id: str, **arguments: Unpack[KubernetesProviderArguments]
    ) -> None:
        super().__init__(scope, id, arguments)
