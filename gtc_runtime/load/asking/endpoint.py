"""Where the parts of an OpenAI-compatible API are, from the address that somebody gave.

An address is taken as it is given: a base path with a version of its own stays, a whole endpoint is
used, a query goes with every request. Only a base without any of that gets `/v1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_VERSIONED = re.compile(r"(^|/)(v\d+\w*|openai)$")
"""How a base path ends that needs no `/v1`: `/v1`, `/api/paas/v4`, `/v1beta/openai`."""
_PARTS = ("chat/completions", "completions", "models")
_PLAIN_QUERY = ("api-version",)
"""Parameters whose values are no secret."""


@dataclass(frozen=True)
class Endpoint:
    """An API at an address.

    Attributes:
        host: What the header `Host` says.
        base: Path in front of every part, without a slash at its end.
        query: Without its question mark; empty for none.
    """

    host: str
    base: str
    query: str

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """The API at a base address, or at the address of one of its parts."""
        found = urlsplit(url)
        path = found.path.rstrip("/")
        part = next((each for each in _PARTS if path.endswith("/" + each)), "")
        if part:
            path = path.removesuffix("/" + part)
        elif not _VERSIONED.search(path):
            path += "/v1"
        return cls(found.netloc.rpartition("@")[2], path, found.query)

    def path(self, part: str) -> str:
        """Path and query of `chat/completions`, `completions` or `models`."""
        return f"{self.base}/{part}" + (f"?{self.query}" if self.query else "")


def shown(url: str) -> str:
    """The address for people: values of a query are left out, for gateways take keys there."""
    parts = urlsplit(url)
    if not parts.query:
        return url
    pairs = [
        (name, value if name in _PLAIN_QUERY else "***")
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit(parts._replace(query=urlencode(pairs, safe="*")))
