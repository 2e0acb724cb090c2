"""DigitaloceanProvider, made by ``make docs`` of its provider's schema."""

from typing import Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import ProviderBlock, ProviderMeta
from gtc_spec.versions import PROVIDER_DIGITALOCEAN


class DigitaloceanProviderArguments(ProviderMeta, total=False):
    """Arguments of ``DigitaloceanProvider``."""

    api_endpoint: str | None
    http_retry_max: float | None
    http_retry_wait_max: float | None
    http_retry_wait_min: float | None
    requests_per_second: float | None
    spaces_access_id: str | None
    spaces_endpoint: str | None
    spaces_secret_key: str | None
    token: str | None


class DigitaloceanProvider(ProviderBlock):
    """Configuration of provider digitalocean."""

    PROVIDER = PROVIDER_DIGITALOCEAN
    ARGUMENTS = DigitaloceanProviderArguments

    def __init__(
        self, scope: Construct, id: str, **arguments: Unpack[DigitaloceanProviderArguments]
    ) -> None:
        super().__init__(scope, id, arguments)
