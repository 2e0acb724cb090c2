"""Spaces with keys that may do less than everything: moto behind a door that looks at the key."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.digitalocean.answers import Answer
from tests.digitalocean.loopback import served

KEY_ID, SECRET = "DO00STANDIN", "spaces-stand-in"


@dataclass
class Spaces:
    """The object store.

    Attributes:
        behind: Address of the real S3 server, which asks for no key.
        url: Address of this one.
        grants: What each key may do, ``read`` or ``readwrite``.
        delay_s: How long every answer takes.
        asked: Method and target of every request.
    """

    behind: str
    url: str = ""
    grants: dict[str, str] = field(default_factory=lambda: {KEY_ID: "readwrite"})
    delay_s: float = 0.0
    asked: list[tuple[str, str]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def handle(self, method: str, target: str, raw: bytes, authorization: str) -> Answer:
        """Let through what the key may do."""
        self.asked.append((method, target))
        self.closing.wait(self.delay_s)
        signed = re.search(r"Credential=([^/]+)/", authorization)
        grant = self.grants.get(signed[1]) if signed else None
        if grant is None:
            return _refused("InvalidAccessKeyId")
        if grant == "read" and method not in ("GET", "HEAD"):
            return _refused("AccessDenied")
        try:
            answer = httpx.request(method, self.behind + target, content=raw, timeout=30)
        except httpx.HTTPError:  # whoever hung at a closing door
            return Answer(503)
        return Answer(answer.status_code, answer.text)


def _refused(code: str) -> Answer:
    return Answer(403, f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>")


@contextmanager
def spaces(behind: str) -> Iterator[Spaces]:
    """Serve it in front of an S3 server."""
    made = Spaces(behind)
    with served(made.handle) as made.url:
        try:
            yield made
        finally:
            made.closing.set()
