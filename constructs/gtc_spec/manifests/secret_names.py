"""Names of the secrets and of the variables inside them; never their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gtc_spec.environment import Environment


@dataclass(frozen=True)
class SecretName:
    """A secret whose keys become environment variables of the pod that refers to it."""

    name: str
    keys: tuple[str, ...]


HF_TOKEN: Final = SecretName("hf-token", ("HF_TOKEN",))
"""HuggingFace token: gated checkpoints."""
SPACES: Final = SecretName(
    "spaces-credentials", ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
)
"""Key of the bucket."""
GRADIENT: Final = SecretName("gradient-api-key", ("GRADIENT_API_KEY",))
"""Serverless Inference: follow-up questions of the chat workload."""
GRAFANA: Final = SecretName("grafana-editor", ("GRAFANA_TOKEN",))
"""Token of an editor of Grafana, for marks. Made by hand, since Grafana must run first; without it
the boards draw the marks that metrics tell of."""
PANEL_KEY: Final = SecretName("panel-key", ("GTC_PANEL_KEY",))
"""What pressing anything on the panel needs; made with the panel, and nobody has to choose it."""
SECRETS: Final = (HF_TOKEN, SPACES, GRADIENT)
"""Every secret that some environment needs."""


def secrets_of(env: Environment) -> tuple[SecretName, ...]:
    """The secrets of the workload's namespace.

    Without a share there are neither model jobs nor gated checkpoints, so nothing there needs one.
    """
    return SECRETS if env.hosting.share else ()


def env_from(*secrets: SecretName) -> list[dict[str, dict[str, str]]]:
    """The ``envFrom`` list of a container that needs these secrets."""
    return [{"secretRef": {"name": secret.name}} for secret in secrets]
