"""What a door goes by: the names that it knows, and who may press."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from gtc_panel.door.key import Key
from gtc_panel.door.origins import LOOPBACK, is_loopback
from gtc_spec.errors import GtcError

STOP: Final = "/api/workload/stop"
SAFE: Final = "/api/safe"
ALWAYS_HERE: Final = (STOP, SAFE)
"""What this machine may always do: end the show, and hand everything back."""
NEEDS_KEY: Final = "looking is free, pressing needs the key of this panel"
HOW: Final = "log in at /login, or set GTC_PANEL_KEY for gtc"


class LockedError(GtcError):
    """Somebody pressed who has only been looking."""

    def __init__(self) -> None:
        super().__init__(NEEDS_KEY, HOW)


@dataclass(frozen=True)
class Rules:
    """The one answer to "may this client press?", for REST and pages.

    Attributes:
        hosts: Names that a Host header may carry, see `gtc_panel.door.origins.allowed_hosts`.
        key: What pressing needs; None lets everybody press.
    """

    hosts: frozenset[str] = LOOPBACK
    key: Key | None = None

    def may_press(self, scope: Scope, *, stop: bool = False) -> bool:
        """Whether the sender of this request may command the demo.

        Args:
            scope: The request; for a page the one that it was opened with.
            stop: It wants to stop the load or to reach the safe state, which this machine may
                always do.
        """
        if self.key is None or (stop and _from_here(scope)):
            return True
        return self.key.carried_by(scope)


def _from_here(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and is_loopback(str(client[0]))
