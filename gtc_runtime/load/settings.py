"""What the load process is told once, when it starts.

Rate, mix and pacing are not here: they change while it runs. Nothing here may be secret, the
settings travel as one line of JSON to the load process.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from gtc_runtime.load.arrivals import Pacing
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.serving import LoadLimits, Workloads

__all__ = ["LoadSettings", "Pacing", "Timeouts", "check_url", "settings_from"]


class Timeouts(BaseModel):
    """How long the engine waits, in seconds, before a request counts as failed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect_s: float = Field(default=5.0, gt=0)
    """TCP (and TLS) connection; a frontend on the same network answers in milliseconds."""
    first_token_s: float = Field(default=120.0, gt=0)
    """From send to first output token; a stress phase queues for about a minute at worst."""
    stall_s: float = Field(default=30.0, gt=0)
    """Between two pieces of an answer; the slowest decode step is below 0.1 s."""
    whole_s: float = Field(default=300.0, gt=0)
    """From send to the end of the answer; 2,000 tokens at 33 ms take 66 s."""


class LoadSettings(BaseModel):
    """Everything the load process needs before it can send.

    Attributes:
        url: Base address of the OpenAI-compatible server, such as `http://127.0.0.1:8000`.
        model: Served name that requests ask for.
        seed: Seed of arrivals, lengths and texts.
        shapes: Token spans of the three workloads.
        limits: Hard caps; the engine clamps to them whatever it is told.
        exact_lengths: Ask the server to ignore the end-of-sequence token in reasoning answers, so
            that they are as long as their shape says. Off for servers that refuse `ignore_eos`.
        followups_url: Base address of an OpenAI-compatible server that writes the next question of
            a conversation; None takes questions from a bundled list.
        timeouts: See `Timeouts`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    model: str
    seed: int = 1
    shapes: Workloads
    limits: LoadLimits
    exact_lengths: bool = True
    followups_url: str | None = None
    timeouts: Timeouts = Timeouts()


def settings_from(
    environment: Environment, url: str, *, seed: int = 1, followups_url: str | None = None
) -> LoadSettings:
    """The settings of an environment for a server at `url`.

    Raises:
        UsageError: The address is not one of an HTTP server.
    """
    check_url(url)
    if followups_url is not None:
        check_url(followups_url)
    return LoadSettings(
        url=url,
        model=environment.model.served_name,
        seed=seed,
        shapes=environment.workloads,
        limits=environment.load,
        followups_url=followups_url,
    )


def check_url(url: str) -> None:
    """Refuse an address that is not `http://host[:port]` or `https://...`."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(
            f"not the address of a server: '{url}', allowed: http://host:port or https://host",
            "the frontend of the rehearsal is in rehearsal.json",
        )
