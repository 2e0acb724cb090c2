"""DataDigitaloceanKubernetesVersions, made by ``make docs`` of its provider's schema."""

from typing import Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import DataSource, Meta, text, texts
from gtc_spec.versions import PROVIDER_DIGITALOCEAN


class DataDigitaloceanKubernetesVersionsArguments(Meta, total=False):
    """Arguments of ``DataDigitaloceanKubernetesVersions``."""

    version_prefix: str | None


class DataDigitaloceanKubernetesVersions(DataSource):
    """Data source ``digitalocean_kubernetes_versions`` of provider digitalocean."""

    TYPE = "digitalocean_kubernetes_versions"
    PROVIDER = PROVIDER_DIGITALOCEAN
    ARGUMENTS = DataDigitaloceanKubernetesVersionsArguments

    id = text()
    latest_version = text()
    valid_versions = texts()
    version_prefix = text()

    def __init__(
        self,
        scope: Construct,
        id: str,
        **arguments: Unpack[DataDigitaloceanKubernetesVersionsArguments],
    ) -> None:
        super().__init__(scope, id, arguments)
