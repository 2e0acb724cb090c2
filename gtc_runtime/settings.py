"""Settings of the processes: where things answer and how loud to be.

Order of precedence: flag, ``GTC_*`` variable, ``.env`` file, default. Facts of the demo are not
settings; they live in gtc_spec. Secrets are named here only so that ``.env.example`` lists them;
no value of them is ever printed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gtc_runtime import choices
from gtc_spec import names, overrides
from gtc_spec.cloud import images
from gtc_spec.environment import ENVIRONMENTS
from gtc_spec.errors import ConfigError, Problem, UsageError
from gtc_spec.manifests.panel import panel_choices
from gtc_spec.manifests.secret_names import SECRETS

SECRETS_DIR = "GTC_SECRETS_DIR"
"""Variable with a folder of one file a secret, named like the variable that it stands for; what a
variable or ``.env`` says wins. The panel's pod has one."""

KEY_LETTERS = 16
"""Of a key that somebody chose: nobody guesses that many."""


def _purpose(choice: str) -> str:
    return panel_choices.CHOICES[choice][0]


_ONLY_CHOICES = (*overrides.CHOICES, *images.CHOICES)
"""Choices that are no setting of a process."""


class Settings(BaseSettings):
    """Everything that a process may be told from outside."""

    model_config = SettingsConfigDict(
        env_prefix="GTC_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    env: str = Field(choices.DEFAULT_ENV, description=f"environment: {', '.join(ENVIRONMENTS)}")
    url: str = Field("", description="panel that `gtc status|start|stop|…` talk to")
    state_dir: Path = Field(Path(".gtc"), description="where a rehearsal keeps its files")
    host: str = Field("127.0.0.1", description="address that the panel listens on")
    port: int = Field(8080, ge=0, le=65535, description="port of the panel; 0 takes any free one")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="port of the panel's /metrics; 0 takes any free one"
    )
    allowed_hosts: str = Field(
        "",
        description="further names under which a browser may ask for the panel, with commas: those"
        " of a proxy in front of it, or of this machine in its network",
    )
    frontend_url: str = Field("", description="Dynamo frontend, http://host:port")
    prometheus_url: str = Field("", description="Prometheus, http://host:port")
    grafana_url: str = Field(
        "", description="Grafana to write marks into, http://host:port; empty: none"
    )
    followups_url: str = Field(
        "",
        description="server that writes follow-up questions; empty: serverless inference with"
        " GRADIENT_API_KEY, else canned",
    )
    followups_model: str = Field("", description=_purpose("GTC_FOLLOWUPS_MODEL"))
    corpus: str = Field("", description=_purpose(panel_choices.CORPUS))
    contact: str = Field(
        "", description="your e-mail address, told to the sites that a corpus is fetched from"
    )
    load_shards: int = Field(1, ge=1, le=64, description=_purpose(panel_choices.SHARDS))
    request_log: str = Field("", description=_purpose(panel_choices.REQUEST_LOG))
    log_level: str = Field("info", description=_purpose(panel_choices.LOG_LEVEL))
    vllm_python: str = Field(
        "",
        description="Python that has vLLM, for `gtc rehearse --workers vllm`; empty: the one that"
        " runs gtc",
    )
    do_context: str = Field(
        "solutions", min_length=1, description="doctl context, for kubeconfig and registry login"
    )
    kubeconfig: str = Field(
        "",
        validation_alias=AliasChoices("KUBECONFIG", "kubeconfig"),
        description="cluster to use; empty: the rehearsal that runs here, else"
        " .gtc/kubeconfig-ENV, else the account of the pod",
    )
    digitalocean_access_token: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN"),
        description="DigitalOcean API token, for deploying",
    )
    spaces_access_key_id: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("SPACES_ACCESS_KEY_ID"),
        description="Spaces access key, for models and corpus",
    )
    spaces_secret_access_key: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("SPACES_SECRET_ACCESS_KEY"),
        description="Spaces secret key",
    )
    hf_token: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("HF_TOKEN"),
        description="HuggingFace token, for gated models",
    )
    grafana_token: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("GRAFANA_TOKEN"),
        description="Grafana service-account token, role Editor, for marks",
    )
    panel_key: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("GTC_PANEL_KEY"),
        description="key that pressing needs when a panel listens for other machines, 16 letters or"
        " more; empty: made once and kept in the state directory, on a cluster in a secret",
    )
    gradient_api_key: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("GRADIENT_API_KEY"),
        description="DigitalOcean Serverless Inference key, for workload A",
    )

    @field_validator("panel_key")
    @classmethod
    def _long_enough(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value()
        if text and not (len(text) >= KEY_LETTERS and text.isascii() and text.isprintable()):
            raise ValueError(f"at least {KEY_LETTERS} ascii letters are needed")
        return key

    @property
    def allowed_host_names(self) -> tuple[str, ...]:
        """The names of ``allowed_hosts``."""
        return tuple(filter(None, map(str.strip, self.allowed_hosts.split(","))))


def read(**flags: Any) -> Settings:
    """The settings of this process; a flag that is None counts as not given.

    Raises:
        ConfigError: One or more variables hold something that is not allowed; values of
            secrets are not echoed.
        UsageError: The ``.env`` file or the folder of secrets cannot be read.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    folder = os.environ.get(SECRETS_DIR) or None
    if folder is not None and not Path(folder).is_dir():
        raise UsageError(f"{SECRETS_DIR}: there is no directory '{folder}'")
    try:
        return Settings(_secrets_dir=folder, _env_file=choices.env_file(), **given)
    except ValidationError as error:
        raise ConfigError([_problem(each) for each in error.errors()]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read .env or secrets: {error}") from None


def example() -> str:
    """The text of ``.env.example``, made from the fields above."""
    fields = [name for name in Settings.model_fields if name != "env"]
    chosen = [name for name in fields if _variable(name) in choices.CHOICES]
    secret = [name for name in fields if _secret(name)]
    facts = [f"# {choices.CHOICES[each]}\n{each}=\n" for each in _ONLY_CHOICES]
    lines = [
        "# Copy to .env and fill in what you need; a flag or a variable wins over this file.",
        "",
        "# -- choices; empty: as in environments/*.toml. Verbs, stacks, jobs and panel get them",
        "",
        *(_example("env"), *facts, *map(_example, chosen)),
        "# -- secrets",
        "",
        *map(_example, secret),
        "# -- this machine only: nothing of it reaches a deployed panel",
        "",
        *(_example(name) for name in fields if name not in (*chosen, *secret)),
    ]
    lines += ["# what Terraform reads: `set -a; . ./.env; set +a` before a bare `cdktf deploy`"]
    for key in (key for secret in SECRETS for key in secret.keys):
        lines.append(f"TF_VAR_{names.terraform_variable(key)}=${{{key}}}")
    return "\n".join([*lines, ""])


def _example(name: str) -> str:
    field = Settings.model_fields[name]
    default = "" if _secret(name) else str(field.default)
    return f"# {field.description}\n{_variable(name)}={default}\n"


def _secret(name: str) -> bool:
    return Settings.model_fields[name].annotation is SecretStr


def _variable(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"GTC_{name.upper()}"


def _problem(error: Any) -> Problem:
    name = str(error["loc"][0]) if error["loc"] else "settings"
    key = name if name.isupper() else f"GTC_{name.upper()}"
    secret = any(word in key for word in ("TOKEN", "KEY", "SECRET"))
    return Problem(
        "environment", key, "a secret" if secret else repr(error.get("input")), error["msg"].lower()
    )


PURPOSES = {
    _variable(name): str(field.description)
    for name, field in Settings.model_fields.items()
    if _secret(name)
}
"""What each secret is for, by the variable that holds it."""
