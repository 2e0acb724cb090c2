"""What may be sent to a route: exactly these fields, of exactly these types."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict

from gtc_spec.workloads import WorkloadMix

_STRICT = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class LoadBody(BaseModel):
    """Rate and mix; what is absent stays as it is."""

    model_config = _STRICT

    rps: float | int | None = None
    """Requests a second; one outside the limits of the environment is clamped."""
    mix: str | dict[str, int] | None = None
    """Percent, together 100: ``40/30/30`` or
    ``{"chat": 40, "summarization": 30, "reasoning": 30}``."""

    def parsed_mix(self) -> WorkloadMix | None:
        """The mix as a value.

        Raises:
            UsageError: It is not one share for each workload, or they do not add up to 100.
        """
        if isinstance(self.mix, str):
            return WorkloadMix.parse(self.mix)
        return None if self.mix is None else WorkloadMix.of(self.mix)


class AutoBody(BaseModel):
    """How auto mode runs."""

    model_config = _STRICT

    once: bool = False
    """Whether it ends after one cycle."""
    take_over: bool = False
    """Whether a pause of KEDA that somebody else has set is taken over; it ends with auto mode."""


class HoldBody(BaseModel):
    """Whether the show stands still."""

    model_config = _STRICT

    on: bool = True
    """False lets it go on."""


class PrescaleBody(BaseModel):
    """How long the fallback state holds."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    until: AwareDatetime
    """ISO 8601 with zone, at most twelve hours ahead."""
