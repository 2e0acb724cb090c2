"""The end of one answer that is streaming: what a passer-by can read.

One answer is followed at a time, from its first token to its end. Its text is untrusted, so nothing
but letters, signs, spaces and line feeds is kept of it. It must not know time, sockets or how the
text was taken out of the stream.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from gtc_runtime.load.records import RequestRecord
from gtc_runtime.told import AnswerView

TEXT_MAX: Final = 400
"""Characters that are kept, the latest ones."""
LASTING: Final = ("chat", "reasoning")
"""Workloads whose answers last; others are followed when none of these comes."""
READ_S: Final = 2.5
"""How long an answer that has ended stays alone, so that its end can be read."""
PATIENCE_S: Final = 6.0
"""After so long without a lasting answer, any other will do; the last one is forgotten then."""


@dataclass
class LiveAnswer:
    """Picks answers and keeps the end of one.

    Args:
        clock: Monotonic seconds.
        secret: Is never told, should the server repeat it; empty for none.
    """

    clock: Callable[[], float]
    secret: str = ""
    _view: AnswerView | None = None
    _ended_s: float = float("-inf")

    def picks(self, record: RequestRecord) -> bool:
        """Whether this request, whose first token has just arrived, is followed from now on."""
        if self._view is not None and not self._view.done:
            return False
        alone_s = READ_S if record.workload in LASTING else PATIENCE_S
        if self.clock() - self._ended_s < alone_s:
            return False
        self._view = AnswerView(record.key, "", 0)
        return True

    def hears(self, text: str, tokens: int) -> None:
        """The answer that is followed goes on.

        Args:
            text: What came.
            tokens: Output tokens so far.
        """
        if self._view is not None:
            whole = self._view.text + readable(text)
            if self.secret:
                whole = whole.replace(self.secret, "***")
            self._view = replace(self._view, text=whole[-TEXT_MAX:], tokens=tokens)

    def ends(self) -> None:
        """The answer that is followed is over, well or not."""
        if self._view is not None:
            self._ended_s = self.clock()
            self._view = replace(self._view, done=True)

    @property
    def view(self) -> AnswerView | None:
        """The answer of now, for a while also one that has ended; None without any."""
        if self._view is not None and self._view.done and self._forgotten:
            self._view = None
        return self._view

    @property
    def _forgotten(self) -> bool:
        return self.clock() - self._ended_s > PATIENCE_S


def readable(text: str) -> str:
    """The text without controls, marks of direction and other signs that cannot be seen."""
    return "".join(
        sign if sign.isprintable() or sign == "\n" else " " * sign.isspace() for sign in text
    )
