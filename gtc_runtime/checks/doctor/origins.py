"""Where each secret of a deployment is made, and what it must be allowed to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gtc_spec.manifests.secret_names import GRADIENT, HF_TOKEN, SPACES

DO_TOKEN: Final = "DIGITALOCEAN_ACCESS_TOKEN"  # noqa: S105 - a name
SUPPORT: Final = "https://cloudsupport.digitalocean.com"


@dataclass(frozen=True)
class Origin:
    """One secret.

    Attributes:
        page: Where it is made.
        scope: What to choose there.
    """

    page: str
    scope: str


_SPACES: Final = Origin(
    "https://cloud.digitalocean.com/spaces/access_keys",
    "Read/Write/Delete of the bucket, or full access; id and secret are shown together, once",
)
ORIGINS: Final[Mapping[str, Origin]] = {
    DO_TOKEN: Origin(
        "https://cloud.digitalocean.com/account/api/tokens",
        "full access, or the custom scopes below",
    ),
    **dict.fromkeys(SPACES.keys, _SPACES),
    HF_TOKEN.keys[0]: Origin(
        "https://huggingface.co/settings/tokens",
        "read; a fine-grained one needs the gated repositories that you may access. Accept the "
        "licence on the page of the model with the same account first",
    ),
    GRADIENT.keys[0]: Origin(
        "https://cloud.digitalocean.com/model-studio/manage-keys",
        "the models of `GTC_FOLLOWUPS_MODEL`, no VPC network",
    ),
}
"""Secret: its origin. Pages as documents of 2026 name them; nobody could open them from here."""

SCOPES: Final = (
    *("account:read", "actions:read", "regions:read", "sizes:read"),
    *("droplet:read", "droplet:delete"),
    *("kubernetes:read", "kubernetes:create", "kubernetes:update", "kubernetes:delete"),
    *("kubernetes:access_cluster", "vpc:read", "vpc:create", "vpc:delete"),
    *("nfs:list", "nfs:read", "nfs:create", "nfs:delete"),
    *("registry:read", "registry:update", "tag:read", "tag:create"),
    *("load_balancer:read", "load_balancer:delete"),
    *("block_storage:read", "block_storage:delete"),
)
"""What a deployment and its end take, by the security of each operation in DigitalOcean's OpenAPI
document (7c1300c, 2026-08-07) and the scopes that each of those requires."""
EVERYTHING: Final = (frozenset({"read", "write"}), frozenset({"api:read", "api:write"}))
"""How a token with full access may be told; unverified, both names occur in documents."""
