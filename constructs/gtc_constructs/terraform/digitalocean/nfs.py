"""Nfs, made by ``make docs`` of its provider's schema."""

from collections.abc import Sequence
from typing import Required, Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import Meta, Resource, number, text, texts
from gtc_spec.versions import PROVIDER_DIGITALOCEAN


class NfsArguments(Meta, total=False):
    """Arguments of ``Nfs``."""

    name: Required[str]
    performance_tier: str | None
    region: Required[str]
    size: Required[float]
    tags: Sequence[str] | None
    vpc_id: Required[str]


class Nfs(Resource):
    """Resource ``digitalocean_nfs`` of provider digitalocean."""

    TYPE = "digitalocean_nfs"
    PROVIDER = PROVIDER_DIGITALOCEAN
    ARGUMENTS = NfsArguments

    host = text()
    id = text()
    mount_path = text()
    name = text()
    performance_tier = text()
    region = text()
    size = number()
    status = text()
    tags = texts()
    vpc_id = text()
    vpc_ids = texts()

    def __init__(self, scope: Construct, id: str, **arguments: Unpack[NfsArguments]) -> None:
        super().__init__(scope, id, arguments)
