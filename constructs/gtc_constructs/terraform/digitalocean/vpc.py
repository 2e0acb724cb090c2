"""Vpc, made by ``make docs`` of its provider's schema."""

from dataclasses import dataclass
from typing import Required, Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import Block, Meta, Resource, other, text
from gtc_spec.versions import PROVIDER_DIGITALOCEAN


@dataclass(frozen=True, kw_only=True)
class VpcTimeouts(Block):
    """Arguments that stand together."""

    delete: str | None = None


class VpcArguments(Meta, total=False):
    """Arguments of ``Vpc``."""

    description: str | None
    ip_range: str | None
    name: Required[str]
    region: Required[str]
    timeouts: VpcTimeouts | None


class Vpc(Resource):
    """Resource ``digitalocean_vpc`` of provider digitalocean."""

    TYPE = "digitalocean_vpc"
    PROVIDER = PROVIDER_DIGITALOCEAN
    ARGUMENTS = VpcArguments

    created_at = text()
    default = other()
    description = text()
    id = text()
    ip_range = text()
    name = text()
    region = text()
    timeouts = other()
    urn = text()

    def __init__(self, scope: Construct, id: str, **arguments: Unpack[VpcArguments]) -> None:
        super().__init__(scope, id, arguments)
