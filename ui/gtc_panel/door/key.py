"""The key of a panel: who knows it may press. Looking needs none.

Its length is what protects: 125 bits when it is made here. Nothing but the key is kept, so tickets
outlive a restart, and a new key ends them all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.requests import cookie_parser
from starlette.types import Scope

from gtc_panel.door.origins import header
from gtc_spec.errors import UsageError

FILE: Final = "panel-key"
"""Its name in the state directory."""
TICKET_S: Final = 30 * 24 * 3600.0
"""How long a browser stays logged in."""


class Key:
    """Tells whether a request comes from who knows the key.

    Args:
        text: The key itself.
        clock: Seconds since 1970.
    """

    def __init__(self, text: str, clock: Callable[[], float] = time.time) -> None:
        self._text, self._clock = text.encode(), clock
        self.cookie: Final = f"gtc-panel-{self._mac('cookie')[:8].lower()}"
        """Name of the cookie; browsers keep one jar for all ports, so each key has its own."""

    def fits(self, given: str) -> bool:
        """Whether this is the key; takes as long for a wrong one."""
        return hmac.compare_digest(self._mac(f"given {given}"), self._own)

    def ticket(self) -> str:
        """Value of a cookie that admits for `TICKET_S`."""
        until = str(int(self._clock() + TICKET_S))
        return f"{until}.{self._mac(until)}"

    def admits(self, ticket: str) -> bool:
        """Whether a ticket was made with this key and is still good."""
        until, _, mac = ticket.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 12):
            return False
        fresh = self._clock() < int(until)
        return hmac.compare_digest(mac.encode(), self._mac(until).encode()) and fresh

    def carried_by(self, scope: Scope) -> bool:
        """Whether a request or a handshake shows the key, or a ticket in its cookie."""
        for value in header(scope, b"authorization"):
            kind, _, given = value.partition(" ")
            if kind.lower() == "bearer" and self.fits(given.strip()):
                return True
        return any(map(self.admits, self._tickets(scope)))

    def _tickets(self, scope: Scope) -> list[str]:
        # as browsers read them: those of other programs on this host may hold whatever they like
        jars = map(cookie_parser, header(scope, b"cookie"))
        return [jar[self.cookie] for jar in jars if self.cookie in jar]

    @property
    def _own(self) -> str:
        return self._mac(f"given {self._text.decode()}")

    def _mac(self, said: str) -> str:
        digest = hmac.digest(self._text, said.encode(), hashlib.sha256)
        return base64.b32encode(digest).decode().rstrip("=")


def kept_in(folder: Path) -> str:
    """The key of this folder, made the first time.

    Raises:
        UsageError: The folder or the file cannot be read or written.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            path.chmod(0o600)
        else:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"{_made()}\n")
        found = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot keep a key in {path}: {error}", "set GTC_PANEL_KEY") from None
    if not found:
        raise UsageError(f"{path} is empty", "remove it, and a new key is made")
    return found


def _made() -> str:
    """Five groups of five letters and digits that nobody mistakes for each other."""
    letters = "23456789abcdefghijkmnpqrstuvwxyz"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(5))
