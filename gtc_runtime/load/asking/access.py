"""How one gets to a server: headers of one's own, and whom an encrypted connection trusts."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

OURS = frozenset({"content-type", "content-length", "accept", "accept-encoding"})
"""Headers that the form of a request needs as they are, in lower case."""


class Access(BaseModel):
    """What a connection and every request on it needs.

    Attributes:
        headers: More headers of every request; they replace ours of the same name.
        ca: File with certificates that are trusted beside those of the system.
        insecure: Trust any certificate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    headers: Mapping[str, str] = {}
    ca: Path | None = None
    insecure: bool = False

    def merged(self, ours: Mapping[str, str]) -> dict[str, str]:
        """Our headers with those of one's own in their place."""
        own = {name.lower() for name in self.headers}
        return {name: v for name, v in ours.items() if name.lower() not in own} | dict(self.headers)

    def tls(self) -> ssl.SSLContext:
        """What encrypted connections are made with.

        Raises:
            OSError: The file with certificates cannot be read, or holds none.
        """
        context = ssl.create_default_context()
        if self.ca is not None:
            context.load_verify_locations(self.ca)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
