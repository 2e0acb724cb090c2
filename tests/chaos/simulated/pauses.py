"""Whose pauses stand at KEDA's scalers, by what KEDA itself goes by.

A pause is ours unless somebody else set it: whether our own annotation stands beside it decides
nothing, so that a pause that has lost it is still seen. It must not know how the product decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gtc_spec import names
from gtc_spec.kinds import SCALED_OBJECT
from tests.chaos.simulated.server import Json, Server


@dataclass(frozen=True)
class Pause:
    """One pause of ours.

    Attributes:
        scaler: Which scaler it stands at.
        by: Who set it, by our annotation; empty when that is not there.
        until: When it ends by itself; None when it ends with its holder.
    """

    scaler: str
    by: str
    until: datetime | None


class Pauses:
    """Follows every write to a scaler.

    Args:
        server: Where the scalers are.

    Attributes:
        ended: Writes that have left none of ours standing.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._foreign: set[str] = set()
        self.ended = 0

    def wrote(self, ours: bool, name: str, before: Json | None, after: Json | None) -> None:
        """A scaler was changed, by a process of ours or by somebody else."""
        if not _stands(_annotations(after)):
            self._foreign.discard(name)
        elif not ours and not _stands(_annotations(before)):
            self._foreign.add(name)
        if not self.ours():
            self.ended += 1

    def ours(self) -> list[Pause]:
        """Those that a process of ours has to end."""
        found = []
        for scaler in self._server.all(SCALED_OBJECT.plural):
            name, noted = scaler["metadata"]["name"], _annotations(scaler)
            by, until = noted.get(names.ANNOTATION_PAUSED_BY, ""), None
            if by or (_stands(noted) and name not in self._foreign):
                if end := noted.get(names.ANNOTATION_PAUSED_UNTIL):
                    until = datetime.fromisoformat(end)
                found.append(Pause(name, by, until))
        return found

    def paused_by(self, holder: str) -> bool:
        """Whether every scaler that is there is paused by this holder, or by nobody of ours.

        A scaler that somebody makes anew and pauses at once is theirs until they let go.
        """
        return all(
            _stands(noted) and noted.get(names.ANNOTATION_PAUSED_BY, holder) == holder
            for noted in map(_annotations, self._server.all(SCALED_OBJECT.plural))
        )

    def without_end(self) -> bool:
        """Whether one of ours stands that ends with its holder only."""
        return any(pause.until is None for pause in self.ours())


def _stands(annotations: dict[str, str]) -> bool:
    return (
        annotations.get(names.ANNOTATION_PAUSED, "false") != "false"
        or names.ANNOTATION_PAUSED_REPLICAS in annotations
    )


def _annotations(scaler: Json | None) -> dict[str, str]:
    found: dict[str, str] = (scaler or {}).get("metadata", {}).get("annotations") or {}
    return found
