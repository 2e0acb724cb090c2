"""How one write is to be carried out, and what the server had to say about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FieldValidation = Literal["Strict", "Warn", "Ignore"]

USER = "user"
"""Actor of everybody who is not a controller of the rehearsal."""

OPERATOR = "operator"
"""Actor of the rehearsal's Dynamo operator, who alone may edit adapter-owned replicas."""


@dataclass
class Write:
    """The options of one write.

    Attributes:
        actor: Who writes, for admission.
        field_validation: What an unknown field does: refuse, warn or be dropped in silence.
        dry_run: True to answer as if, without storing.
        patch: The patch as received, for the words of a refusal; empty when it is none.
        warnings: Filled by the server; sent as Warning headers.
    """

    actor: str = USER
    field_validation: FieldValidation = "Warn"
    dry_run: bool = False
    patch: str = ""
    warnings: list[str] = field(default_factory=list)
