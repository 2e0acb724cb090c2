"""What a synthesised stack wants to have: addresses and settings, read from its JSON.

Addresses are never spelled by hand: cdktf derives them from the tree of constructs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gtc_spec.errors import GtcError

FILE: Final = "cdk.tf.json"
"""What cdktf writes into the folder of a stack."""


@dataclass(frozen=True)
class Resource:
    """One resource of a stack.

    Attributes:
        kind: Terraform's type, such as ``digitalocean_vpc``.
        address: Kind and name, as Terraform and its state call it.
        settings: Its arguments.
    """

    kind: str
    address: str
    settings: dict[str, Any]

    @property
    def place(self) -> tuple[str, str]:
        """Namespace and name of a Kubernetes object or release; no namespace for one of none."""
        meta = self.settings.get("metadata") or self.settings
        return str(meta.get("namespace") or ""), str(meta.get("name", ""))


def resources(folder: Path) -> tuple[Resource, ...]:
    """Every resource of a stack.

    Args:
        folder: Of the stack, inside ``cdktf.out/stacks``.

    Raises:
        GtcError: The stack was not synthesised.
    """
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return tuple(_resources(document.get("resource") or {}))
    except (OSError, ValueError, AttributeError) as error:
        raise GtcError(f"cannot read {folder / FILE}: {error}", "make synth") from None


def _resources(listed: dict[str, dict[str, dict[str, Any]]]) -> Iterator[Resource]:
    for kind, by_name in listed.items():
        for name, settings in by_name.items():
            yield Resource(kind, f"{kind}.{name}", settings)
