"""RuntimeClassV1, made by ``make docs`` of its provider's schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Required, Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import Block, Meta, Resource, other, text
from gtc_spec.versions import PROVIDER_KUBERNETES


@dataclass(frozen=True, kw_only=True)
class RuntimeClassV1Metadata(Block):
    """Arguments that stand together."""

    annotations: Mapping[str, str] | None = None
    generate_name: str | None = None
    labels: Mapping[str, str] | None = None
    name: str | None = None


class RuntimeClassV1Arguments(Meta, total=False):
    """Arguments of ``RuntimeClassV1``."""

    handler: Required[str]
    metadata: Required[RuntimeClassV1Metadata]


class RuntimeClassV1(Resource):
    """Resource ``kubernetes_runtime_class_v1`` of provider kubernetes."""

    TYPE = "kubernetes_runtime_class_v1"
    PROVIDER = PROVIDER_KUBERNETES
    ARGUMENTS = RuntimeClassV1Arguments

    handler = text()
    id = text()
    metadata = other()

    def __init__(
        self, scope: Construct, id: str, **arguments: Unpack[RuntimeClassV1Arguments]
    ) -> None:
        super().__init__(scope, id, arguments)
