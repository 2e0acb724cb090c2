"""Who gave a command: through what, and from where. It must not know what commands there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

CLI_AGENT: Final = "gtc"
"""Product in the User-Agent by which our command line says who it is. It is a name and no proof:
any program may send it."""


@dataclass(frozen=True)
class Actor:
    """The giver of one command, told in the events that it causes.

    Attributes:
        via: ``page``, ``api`` (REST by any other program), ``gtc`` (our command line), or
            ``panel`` for what the process does by itself.
        address: Where it came from; empty for the process itself.
    """

    via: Literal["page", "api", "gtc", "panel"]
    address: str = ""

    def __str__(self) -> str:
        """``page 127.0.0.1``."""
        return f"{self.via} {self.address}".rstrip()


PANEL = Actor("panel")
"""The process itself: at its start, its end, or by the clock of the show."""
