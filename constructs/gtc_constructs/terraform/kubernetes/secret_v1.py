"""SecretV1, made by ``make docs`` of its provider's schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Required, Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import Block, Meta, Resource, number, other, text
from gtc_spec.versions import PROVIDER_KUBERNETES


@dataclass(frozen=True, kw_only=True)
class SecretV1Metadata(Block):
    """Arguments that stand together."""

    annotations: Mapping[str, str] | None = None
    generate_name: str | None = None
    labels: Mapping[str, str] | None = None
    name: str | None = None
    namespace: str | None = None


@dataclass(frozen=True, kw_only=True)
class SecretV1Timeouts(Block):
    """Arguments that stand together."""

    create: str | None = None


class SecretV1Arguments(Meta, total=False):
    """Arguments of ``SecretV1``."""

    binary_data: Mapping[str, str] | None
    binary_data_wo: Mapping[str, str] | None
    binary_data_wo_revision: float | None
    data: Mapping[str, str] | None
    data_wo: Mapping[str, str] | None
    data_wo_revision: float | None
    immutable: bool | None
    metadata: Required[SecretV1Metadata]
    timeouts: SecretV1Timeouts | None
    type: str | None
    wait_for_service_account_token: bool | None


class SecretV1(Resource):
    """Resource ``kubernetes_secret_v1`` of provider kubernetes."""

    TYPE = "kubernetes_secret_v1"
    PROVIDER = PROVIDER_KUBERNETES
    ARGUMENTS = SecretV1Arguments

    binary_data = other()
    binary_data_wo = other()
    binary_data_wo_revision = number()
    data = other()
    data_wo = other()
    data_wo_revision = number()
    id = text()
    immutable = other()
    metadata = other()
    timeouts = other()
    type = text()
    wait_for_service_account_token = other()

    def __init__(self, scope: Construct, id: str, **arguments: Unpack[SecretV1Arguments]) -> None:
        super().__init__(scope, id, arguments)
