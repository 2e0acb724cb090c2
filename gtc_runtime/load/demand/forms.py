"""The forms of load: a rate, open streams, or a trace.

One frozen value goes all the way from whoever asks to the schedule, which understands nothing
else; to the load process as JSON (`model_dump`, `from_json`). This module must not know when a
request is due.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from gtc_runtime.load.demand.arrivals import Pacing
from gtc_spec.phases import Mix


class _Asked(BaseModel):
    """What all forms have.

    Attributes:
        requests: Send so many requests in all, turns of conversations included, and then nothing;
            None sends until something else is asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    requests: int | None = Field(default=None, ge=1)


class Rate(_Asked):
    """Open loop: requests are due at a rate, however the server is doing.

    Attributes:
        rps: Requests per second over all workloads and all shards; 0 sends nothing.
        mix: Shares of the workloads; None sends the prompts of one's own.
        pacing: How requests are spread in time.
        ramp_s: The rate grows evenly from what it was for so many seconds.
    """

    kind: Literal["rate"] = "rate"
    rps: float = Field(ge=0, allow_inf_nan=False)
    mix: Mix | None
    pacing: Pacing = "poisson"
    ramp_s: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class Streams(_Asked):
    """Closed loop: so many requests are open at any time, each followed by the next.

    Attributes:
        streams: Open requests over all shards.
        mix: As in `Rate`.
        ramp_s: The streams begin one after the other over so many seconds.
    """

    kind: Literal["streams"] = "streams"
    streams: int = Field(ge=1)
    mix: Mix | None
    ramp_s: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class Replay(_Asked):
    """The rows of a trace, each at its own time.

    Attributes:
        speed: Seconds of the trace in one second.
    """

    kind: Literal["replay"] = "replay"
    speed: float = Field(default=1.0, gt=0, allow_inf_nan=False)


Demand = Rate | Streams | Replay

NOTHING = Rate(rps=0, mix=None)
"""Starts nothing; what is open runs to its end."""

_ADAPTER: TypeAdapter[Demand] = TypeAdapter(Annotated[Demand, Field(discriminator="kind")])


def from_json(data: Any) -> Demand:
    """Read what `model_dump` of a form gave.

    Raises:
        ValueError: It is none of the forms.
    """
    return _ADAPTER.validate_python(data)


def share_of(whole: int, shard: int, shards: int) -> int:
    """The part of a number that falls to a shard; the parts add up to the whole."""
    each, rest = divmod(whole, shards)
    return each + (shard < rest)
