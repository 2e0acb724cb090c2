"""NamespaceV1, made by ``make docs`` of its provider's schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Required, Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import Block, Meta, Resource, other, text
from gtc_spec.versions import PROVIDER_KUBERNETES


@dataclass(frozen=True, kw_only=True)
class NamespaceV1Metadata(Block):
    """Arguments that stand together."""

    annotations: Mapping[str, str] | None = None
    generate_name: str | None = None
    labels: Mapping[str, str] | None = None
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class NamespaceV1Timeouts(Block):
    """Arguments that stand together."""

    delete: str | None = None


class NamespaceV1Arguments(Meta, total=False):
    """Arguments of ``NamespaceV1``."""

    metadata: Required[NamespaceV1Metadata]
    timeouts: NamespaceV1Timeouts | None
    wait_for_default_service_account: bool | None


class NamespaceV1(Resource):
    """Resource ``kubernetes_namespace_v1`` of provider kubernetes."""

    TYPE = "kubernetes_namespace_v1"
    PROVIDER = PROVIDER_KUBERNETES
    ARGUMENTS = NamespaceV1Arguments

    id = text()
    metadata = other()
    timeouts = other()
    wait_for_default_service_account = other()

    def __init__(
        self, scope: Construct, id: str, **arguments: Unpack[NamespaceV1Arguments]
    ) -> None:
        super().__init__(scope, id, arguments)
