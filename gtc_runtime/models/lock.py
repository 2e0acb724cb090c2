"""One transfer at a time: a lock with an owner, kept alive by its holder.

A holder that dies leaves a lock that no longer changes; whoever watched it stay the same for its
whole life takes it over. Nobody compares the clocks of two machines. This module must not know what
the lock guards.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from gtc_runtime.models import files
from gtc_runtime.models.bucket import Bucket
from gtc_spec.errors import GtcError

LIFE_S: Final = 60.0
"""Life of a lock that nobody renews, seconds; it is renewed four times in it."""
PATIENCE_S: Final = 1800.0
"""Longest wait for another transfer, seconds: as long as a job may take."""
LOOK_S: Final = 1.0
SETTLE_S: Final = 0.5
"""After taking over: two who did so at the same moment see here which of them it was."""


class Home(Protocol):
    """Where a lock lies."""

    where: str

    def create(self, text: bytes) -> bool:
        """Make the lock; False when it exists."""

    def read(self) -> bytes | None:
        """Its text; None when there is none."""

    def replace(self, text: bytes) -> None:
        """Write a new text over it."""

    def remove(self) -> None:
        """Remove it."""


class BucketHome:
    """A lock in the bucket."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._key = bucket, key
        self.where = f"{bucket.name}/{key}"

    def create(self, text: bytes) -> bool:
        """Make the lock; False when it exists."""
        return self._bucket.create(self._key, text)

    def read(self) -> bytes | None:
        """Its text; None when there is none."""
        return self._bucket.read(self._key)

    def replace(self, text: bytes) -> None:
        """Write a new text over it."""
        self._bucket.write(self._key, text)

    def remove(self) -> None:
        """Remove it."""
        self._bucket.remove(self._key)


class FileHome:
    """A lock on the share; creating a file is atomic over NFS 4."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.where = str(path)

    def create(self, text: bytes) -> bool:
        """Make the lock; False when it exists."""
        with files.explained("lock", self._path):
            unfinished = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex}")
            unfinished.write_bytes(text)
            try:
                os.link(unfinished, self._path)  # whole or not at all, unlike open and write
            except FileExistsError:
                return False
            finally:
                unfinished.unlink()
            return True

    def read(self) -> bytes | None:
        """Its text; None when there is none."""
        return files.read(self._path)

    def replace(self, text: bytes) -> None:
        """Write a new text over it."""
        files.write(self._path, text)

    def remove(self) -> None:
        """Remove it."""
        files.remove(self._path)


@dataclass
class Held:
    """A lock that is ours until it is lost."""

    where: str
    lost: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Refuse to go on without the lock.

        Raises:
            GtcError: Somebody else has taken it.
        """
        if self.lost.is_set():
            raise GtcError(
                f"another transfer took over {self.where}", "let it finish, then gtc model status"
            )


@contextlib.contextmanager
def held(
    home: Home,
    tell: Callable[[str], None],
    *,
    life_s: float = LIFE_S,
    patience_s: float = PATIENCE_S,
) -> Iterator[Held]:
    """Hold a lock, waiting for it when another has it.

    Args:
        home: Where it lies.
        tell: Gets one line when it must wait.
        life_s: Life of the lock when we die, seconds.
        patience_s: Longest wait, seconds.

    Raises:
        GtcError: The other one was not done in time.
    """
    owner = _owner()
    _take(home, owner, life_s, patience_s, tell)
    lock, over = Held(home.where), threading.Event()
    keeper = threading.Thread(
        target=_keep, args=(home, owner, life_s, lock, over), name="model-lock", daemon=True
    )
    keeper.start()
    try:
        yield lock
    finally:
        over.set()
        keeper.join()
        if not lock.lost.is_set():
            with contextlib.suppress(GtcError):  # it ends by itself when it cannot be removed
                home.remove()


def owner_of(text: bytes) -> str:
    """Who wrote the text of a lock; empty when nobody did."""
    return str(_fields(text).get("owner", ""))


def _take(
    home: Home, owner: str, life_s: float, patience_s: float, tell: Callable[[str], None]
) -> None:
    give_up = time.monotonic() + patience_s
    seen, since = b"", time.monotonic()
    while True:
        if home.create(_text(owner, life_s, 0)):
            return
        there = home.read()
        if there is None:
            continue  # it has just gone
        now = time.monotonic()
        if there != seen:
            if owner_of(seen) != owner_of(there):
                tell(f"waiting for {owner_of(there)}, which holds {home.where}")
            seen, since = there, now
        if now - since >= _life_of(there, life_s) or _is_dead(owner_of(there)):
            home.replace(_text(owner, life_s, 0))
            time.sleep(SETTLE_S)
            if owner_of(home.read() or b"") == owner:
                tell(f"took over {home.where} from {owner_of(there)}, which is gone")
                return
        elif now >= give_up:
            raise GtcError(
                f"{owner_of(there)} still holds {home.where} after {patience_s:.0f} s",
                "gtc model status says how far it is",
            )
        time.sleep(LOOK_S)


def _keep(home: Home, owner: str, life_s: float, lock: Held, over: threading.Event) -> None:
    renewed, failing_since = 0, 0.0
    while not over.wait(life_s / 4):
        try:
            if owner_of(home.read() or b"") != owner:
                lock.lost.set()
                return
            renewed += 1
            home.replace(_text(owner, life_s, renewed))
            failing_since = 0.0
        except GtcError:
            failing_since = failing_since or time.monotonic()
            if time.monotonic() - failing_since > life_s / 2:
                lock.lost.set()  # others may count us as dead soon
                return


def _text(owner: str, life_s: float, renewed: int) -> bytes:
    return json.dumps({"owner": owner, "life_s": life_s, "renewed": renewed}).encode()


def _life_of(text: bytes, default_s: float) -> float:
    life_s = _fields(text).get("life_s")
    return float(life_s) if isinstance(life_s, int | float) and 0 < life_s < 3600 else default_s


def _fields(text: bytes) -> dict[str, object]:
    try:
        fields = json.loads(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _owner() -> str:
    pid = os.getpid()
    return f"{socket.gethostname()}/{_machine()}/{pid}/{_born(pid)}/{uuid.uuid4().hex[:6]}"


def _is_dead(owner: str) -> bool:
    """Whether a process beside us that held the lock has ended; of others nothing is known."""
    _, machine, pid, born, *_ = [*owner.split("/"), "", "", "", ""]
    return machine == _machine() and pid.isdigit() and _born(int(pid)) != born


def _machine() -> str:
    """This boot and this container's own numbering of processes; host names may be equal."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        return f"{boot}-{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return uuid.uuid4().hex


def _born(pid: int) -> str:
    """Start time of a process; empty when there is none. Process numbers come again, this not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
