"""Serves an account over real HTTP on loopback: `with serving(Account()) as cloud: cloud.url`.

Everything is answered under one lock, so a test that holds `Cloud.lock` sees and changes a
consistent account; delays are slept outside of it.
"""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.digitalocean import catalogue, kubernetes, networks
from tests.digitalocean.account import Account
from tests.digitalocean.answers import Answer, Refused
from tests.digitalocean.faults import Fault
from tests.digitalocean.loopback import served
from tests.digitalocean.routing import answer

ROUTES = [*catalogue.ROUTES.all, *networks.ROUTES.all, *kubernetes.ROUTES.all]


@dataclass(frozen=True)
class Asked:
    """One line of the journal."""

    method: str
    path: str
    body: Any
    status: int


@dataclass
class Cloud:
    """A served account.

    Attributes:
        url: What DIGITALOCEAN_API_URL must hold.
        journal: Every request, in the order of the answers.
        lock: Held while a request changes the account.
    """

    account: Account
    url: str = ""
    journal: list[Asked] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    closing: threading.Event = field(default_factory=threading.Event)

    def fault(self, **what: Any) -> Fault:
        """Plan a fault; see `Fault`."""
        return self.account.faults.add(Fault(**what))

    def asked(self, method: str, path: str) -> list[Asked]:
        """Requests of this method to exactly this path."""
        return [each for each in self.journal if (each.method, each.path) == (method, path)]

    def handle(self, method: str, target: str, raw: bytes, token: str) -> Answer:
        """Answer one request, faults included."""
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            return Refused(400, "the body is not JSON", "bad_request").answer
        parts = urlsplit(target)
        fault = self.account.faults.hit(method, parts.path)
        if fault is not None and fault.delay_s:
            self.closing.wait(fault.delay_s)
        with self.lock:
            if fault is not None and fault.status and not fault.after:
                told = fault.answer
            else:
                query = dict(parse_qsl(parts.query))
                told = answer(ROUTES, self.account, method, parts.path, query, body, token)
                if fault is not None and fault.status:
                    told = fault.answer
            self.journal.append(Asked(method, parts.path, body, told.status))
        return told


@contextmanager
def serving(account: Account | None = None, port: int = 0) -> Iterator[Cloud]:
    """Serve an account until the end of the block; without a port on a free one."""
    cloud = Cloud(account or Account())
    with served(cloud.handle, port) as cloud.url:
        try:
            yield cloud
        finally:
            cloud.closing.set()


def main(port: int = 8090) -> None:
    """Serve an account in the foreground, to try the commands by hand."""
    with serving(port=port) as cloud:
        (token,) = cloud.account.tokens
        sys.stdout.write(
            f"export DIGITALOCEAN_API_URL={cloud.url} DIGITALOCEAN_ACCESS_TOKEN={token}\n"
        )
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            left = cloud.account.billable() or ["nothing that costs money is left"]
            sys.stdout.write("\n".join(["", *left, ""]))
