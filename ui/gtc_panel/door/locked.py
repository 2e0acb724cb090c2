"""A port whose commands need the key, for pages that anybody may open.

A page's buttons arrive over its socket, which no rule about requests sees. Whatever a port can be
called for is a command, but for its view.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

from gtc_panel.door.rules import LockedError

ALWAYS_HERE: Final = ("stop_load", "safe")
LOOKING: Final = "view"


class Locked:
    """Whatever ``port`` is, for those who may press.

    Args:
        port: What answers.
        may_press: Whether the page that acts now may; ``stop`` says that it wants to stop
            or to reach the safe state.
    """

    def __init__(self, port: object, may_press: Callable[[bool], bool]) -> None:
        self._port, self._may_press = port, may_press

    def __getattr__(self, name: str) -> Any:
        """The port's own, behind the lock when it is a command."""
        found = getattr(self._port, name)
        if name == LOOKING or not callable(found):
            return found

        def checked() -> None:
            if not self._may_press(name in ALWAYS_HERE):
                raise LockedError

        def at_once(*args: Any, **named: Any) -> Any:
            checked()
            return found(*args, **named)

        async def later(*args: Any, **named: Any) -> Any:
            checked()
            return await found(*args, **named)

        return later if inspect.iscoroutinefunction(found) else at_once
