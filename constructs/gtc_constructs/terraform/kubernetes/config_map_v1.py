"""ConfigMapV1, made by ``make docs`` of its provider's schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Required, Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import Block, Meta, Resource, other, text
from gtc_spec.versions import PROVIDER_KUBERNETES


@dataclass(frozen=True, kw_only=True)
class ConfigMapV1Metadata(Block):
    """Arguments that stand together."""

    annotations: Mapping[str, str] | None = None
    generate_name: str | None = None
    labels: Mapping[str, str] | None = None
    name: str | None = None
    namespace: str | None = None


class ConfigMapV1Arguments(Meta, total=False):
    """Arguments of ``ConfigMapV1``."""

    binary_data: Mapping[str, str] | None
    data: Mapping[str, str] | None
    immutable: bool | None
    metadata: Required[ConfigMapV1Metadata]


class ConfigMapV1(Resource):
    """Resource ``kubernetes_config_map_v1`` of provider kubernetes."""

    TYPE = "kubernetes_config_map_v1"
    PROVIDER = PROVIDER_KUBERNETES
    ARGUMENTS = ConfigMapV1Arguments

    binary_data = other()
    data = other()
    id = text()
    immutable = other()
    metadata = other()

    def __init__(
        self, scope: Construct, id: str, **arguments: Unpack[ConfigMapV1Arguments]
    ) -> None:
        super().__init__(scope, id, arguments)
