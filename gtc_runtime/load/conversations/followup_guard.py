"""What keeps follow-up questions from costing more than was meant, and from knocking in vain.

A budget of requests and tokens a day, kept in a file that all load processes share and that
outlives them, and a breaker that stays away from a service that refused. This module must not know
HTTP.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from gtc_spec import foreign_json

CANNED: Final = "follow-up questions come from the bundled list"
REFUSED_S: Final = 600.0
"""Stay away this long after a refusal that only a person can mend: key, credit, model."""
BUSY_S: Final = 60.0
"""Stay away this long after 429 without a Retry-After."""
FAILING_S: Final = 30.0
FAILURES_MAX: Final = 5
"""Stay away for `FAILING_S` after so many failures in a row."""
_WORDS: Final = {
    401: "serverless inference does not accept GRADIENT_API_KEY (401)",
    402: "serverless inference wants to be paid (402)",
    403: "GRADIENT_API_KEY has no right to serverless inference (403)",
    404: "serverless inference does not have the model (404): clear or set GTC_FOLLOWUPS_MODEL",
    429: "serverless inference asks for fewer requests (429)",
}


class WithheldError(OSError):
    """No question was asked; the sentence says why."""


@dataclass(frozen=True)
class Spent:
    """What one day has cost so far."""

    day: str
    requests: int = 0
    tokens: int = 0


def _today() -> date:
    return datetime.now(UTC).date()


class SpendGuard:
    """Lets questions through, or says why not.

    Args:
        file: Keeps what was spent; shared by all load processes of this machine.
        requests_max: Requests a day, UTC.
        tokens_max: Tokens a day, prompt and answer.
        clock: Monotonic seconds.
        today: The day that is charged.

    Attributes:
        notice: Why questions come from the bundled list at present; empty when they do not.
    """

    def __init__(
        self,
        file: Path,
        requests_max: int,
        tokens_max: int,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], date] = _today,
    ) -> None:
        self.notice = ""
        self._file = file
        self._requests_max, self._tokens_max = requests_max, tokens_max
        self._clock, self._today = clock, today
        self._closed_until = 0.0
        self._failures = 0

    def permit(self) -> None:
        """Charge one request before it is sent.

        Raises:
            WithheldError: The budget is spent, cannot be kept, or the service refused lately.
        """
        if self._clock() < self._closed_until:
            raise WithheldError(self.notice)
        try:
            with self._ledger() as ledger:
                spent = ledger.read(self._today())
                if spent.requests >= self._requests_max or spent.tokens >= self._tokens_max:
                    self._withhold("the follow-up budget of the day is spent")
                ledger.write(Spent(spent.day, spent.requests + 1, spent.tokens))
        except WithheldError:
            raise
        except OSError as error:
            self._withhold(f"the follow-up budget cannot be kept in {self._file}: {error.strerror}")

    def answered(self, tokens: int) -> None:
        """Charge the tokens of an answer; the service is well."""
        self.notice, self._failures = "", 0
        try:
            with self._ledger() as ledger:
                spent = ledger.read(self._today())
                ledger.write(Spent(spent.day, spent.requests, spent.tokens + max(0, tokens)))
        except OSError:
            pass  # the next permit says so

    def refused(self, status: int, retry_after_s: float | None = None) -> None:
        """The service answered with an error; stay away for a while."""
        if status not in _WORDS:
            self.failed()
            return
        away_s = REFUSED_S if status != 429 else (retry_after_s or BUSY_S)
        self._stay_away(_WORDS[status], min(away_s, REFUSED_S))

    def failed(self) -> None:
        """The service did not answer, or with nonsense; after several stay away for a while."""
        self._failures += 1
        if self._failures >= FAILURES_MAX:
            self._stay_away("serverless inference does not answer", FAILING_S)

    def _stay_away(self, why: str, seconds: float) -> None:
        self._closed_until = self._clock() + seconds
        self._failures = 0
        self.notice = f"{why}; {CANNED}"

    def _withhold(self, why: str) -> None:
        self.notice = f"{why}; {CANNED}"
        raise WithheldError(self.notice)

    @contextmanager
    def _ledger(self) -> Iterator[_Ledger]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield _Ledger(descriptor)
        finally:
            os.close(descriptor)


class _Ledger:
    """The open and locked file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, day: date) -> Spent:
        text = os.pread(self._descriptor, 4096, 0)
        if not text:
            return Spent(day.isoformat())
        try:
            spent = Spent(**foreign_json.read(text))
            valid = isinstance(spent.requests, int) and isinstance(spent.tokens, int)
        except (ValueError, TypeError):
            valid = False
        if not valid:
            raise OSError(0, "it holds something else; remove it")
        return spent if spent.day == day.isoformat() else Spent(day.isoformat())

    def write(self, spent: Spent) -> None:
        text = json.dumps(asdict(spent)).encode()
        os.pwrite(self._descriptor, text, 0)
        os.ftruncate(self._descriptor, len(text))
