"""What a question about the cluster can come back as: a number with its age, or a reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """A number that may be shown and acted upon.

    Attributes:
        value: Finite.
        age_s: How old the oldest sample is that it rests on, seconds, not negative.
    """

    value: float
    age_s: float


@dataclass(frozen=True)
class Missing:
    """There is no number. It is not zero, and it compares equal to no reading.

    Attributes:
        reason: Why, one line for a person.
    """

    reason: str
