"""What goes wrong, said by a test while the stand-in runs: refusals and slow answers by route."""

import re
import threading
from dataclasses import dataclass

from tests.digitalocean.answers import Answer, Refused


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        path: Regular expression that is searched in the path; empty is every path.
        method: Method of the request; empty is every method.
        status: What is answered instead; 0 lets the request through after the delay.
        message: The words of the refusal.
        times: How many requests it hits; None is all of them.
        delay_s: How long the answer takes.
        after: Let the request do its work first, and only then answer with the status.
    """

    path: str = ""
    method: str = ""
    status: int = 500
    message: str = "Server Error"
    times: int | None = None
    delay_s: float = 0.0
    after: bool = False

    @property
    def answer(self) -> Answer:
        """What the caller gets to see."""
        return Refused(self.status, self.message).answer


class Faults:
    """The script: faults in the order in which they were added; the first that fits hits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Plan a fault."""
        with self._lock:
            self._planned.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything work again."""
        with self._lock:
            self._planned.clear()

    def hit(self, method: str, path: str) -> Fault | None:
        """The fault of a request, counted; None when it may pass."""
        with self._lock:
            for fault in self._planned:
                fits = fault.method in ("", method) and re.search(fault.path, path)
                if not fits or fault.times == 0:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
