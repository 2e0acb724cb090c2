"""What the load process gets once, when it starts.

Rate, mix and pacing are not here: they change while it runs. Keys are not here but in the
environment; headers of one's own are, so the settings go to no report and no log.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gtc_runtime.load.asking.access import Access
from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.demand.forms import share_of
from gtc_runtime.load.prompts.chosen import Chosen
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.serving import LoadLimits
from gtc_spec.workloads import Workloads


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

    def patient(self, first_token_s: float | None) -> Self:
        """Let a first token take that long, and what follows it as long as before; None: as is."""
        if first_token_s is None:
            return self
        whole_s = self.whole_s + max(0.0, first_token_s - self.first_token_s)
        return self.model_copy(update={"first_token_s": first_token_s, "whole_s": whole_s})


class RequestGoals(BaseModel):
    """What a request must meet to be a good one: the goals behind goodput."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ttft_s: float = Field(gt=0)
    """Longest time from send to first output token."""
    itl_s: float = Field(gt=0)
    """Longest mean time between output tokens (TPOT)."""

    def met_by(self, ttft_s: float | None, tpot_s: float | None) -> bool:
        """Whether a request that ended well met them; an answer of one token has no TPOT."""
        first_in_time = ttft_s is not None and ttft_s <= self.ttft_s
        return first_in_time and (tpot_s is None or tpot_s <= self.itl_s)


class LoadSettings(BaseModel):
    """Everything the load process needs before it can send.

    Attributes:
        url: Base address of the OpenAI-compatible server, such as `http://127.0.0.1:8000`.
        model: Served name that requests ask for.
        seed: Seed of arrivals, lengths and texts.
        shapes: Token spans of the workloads.
        limits: Hard caps; the engine clamps to them whatever load is asked for.
        dialect: How the server wants to be asked, and what it gives back.
        followups_url: Base address of an OpenAI-compatible server that writes the next question of
            a conversation; None takes questions from a bundled list.
        followups_model: What that server is asked for; empty takes the first known one that it
            offers.
        followups_key_env: Name of the environment variable with its bearer token; empty for a
            server that costs nothing. The token itself is in no setting and no log.
        followups_ledger: File that keeps what a server with a token has cost today.
        timeouts: See `Timeouts`.
        slo: Goals of a single request; None judges none.
        keep_arrivals: Keep the time of every arrival in the record of its request.
        shard, shards: Which of how many load processes this is; together they send the load that
            one would, each its part of every workload. The cap on open requests is divided.
        api_key_env: Name of the environment variable that holds the bearer token; empty for none.
            The token itself is in no setting and no log.
        request_log: Folder for the log of finished requests; empty keeps none.
        corpus: Directory with a complete corpus; None for the bundled texts.
        access: Headers of one's own, and trust in certificates.
        own: Prompts of one's own in place of the workloads.
        singles: Report single requests at low rates, and the end of one answer, as pages show them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    model: str
    seed: int = 1
    shapes: Workloads
    limits: LoadLimits
    dialect: Dialect = Dialect()
    followups_url: str | None = None
    followups_model: str = ""
    followups_key_env: str = ""
    followups_ledger: Path = Path("followups-spent.json")
    timeouts: Timeouts = Timeouts()
    slo: RequestGoals | None = None
    keep_arrivals: bool = False
    shard: int = Field(default=0, ge=0)
    shards: int = Field(default=1, ge=1)
    api_key_env: str = ""
    request_log: str = ""
    corpus: Path | None = None
    access: Access = Access()
    own: Chosen | None = Field(default=None, discriminator="kind")
    singles: bool = False

    @property
    def api_key(self) -> str:
        """The bearer token, empty for none."""
        return os.environ.get(self.api_key_env, "") if self.api_key_env else ""

    @property
    def in_flight_max(self) -> int:
        """Cap on the open requests of this shard; the caps of all shards add up to the limit."""
        return share_of(self.limits.in_flight_max, self.shard, self.shards)

    @model_validator(mode="after")
    def _shard_is_one_of_them(self) -> Self:
        if self.shard >= self.shards:
            raise ValueError(f"shard {self.shard} of {self.shards}, allowed: 0 to shards - 1")
        return self


def settings_from(
    environment: Environment,
    url: str,
    *,
    seed: int = 1,
    followups_url: str | None = None,
    corpus: Path | None = None,
    shards: int = 1,
    request_log: str = "",
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
        slo=RequestGoals(ttft_s=environment.slo.ttft_p95_s, itl_s=environment.slo.itl_p95_s),
        followups_url=followups_url,
        corpus=corpus,
        shards=shards,
        request_log=request_log,
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
