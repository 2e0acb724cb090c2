"""Finds words that are one token each on a server, by what it counts.

The server is the tokenizer: a prompt of all words at once shows whether each is one token, and
where it is not, halves of it show which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from gtc_cli.load.probe.probe import ProbeResult
from gtc_cli.load.probe.server import Server
from gtc_runtime.load.answer.frame import tokens_of
from gtc_runtime.load.prompts.chosen import PromptFile, Wording
from gtc_runtime.load.prompts.written import common_words
from gtc_runtime.load.settings import LoadSettings
from gtc_spec.errors import GtcError

ASKS_MAX: Final = 60
"""Most questions; a server that needs more has another idea of words."""
WORDS_MIN: Final = 50

Count = Callable[[str], int | None]
"""Prompt tokens of a text by the server's own count; None when it does not say."""


class _TooManyAsksError(Exception):
    pass


def wording_by(count: Count) -> Wording:
    """Words and overhead for texts of known length; not `exact` when the server does not count."""
    words = common_words()
    assumed = Wording(words=words)
    overhead = count(words[0])
    if overhead is None or overhead < 1:
        return assumed
    left = ASKS_MAX

    def surplus(group: Sequence[str]) -> int:
        """Tokens beyond one a word."""
        nonlocal left
        left -= 1
        found = count(" ".join((words[0], *group))) if left >= 0 else None
        if found is None:
            raise _TooManyAsksError
        return found - overhead - len(group)

    try:
        whole = tuple(_whole(words, surplus(words), surplus))
    except _TooManyAsksError:
        return assumed
    if len(whole) < WORDS_MIN:
        return assumed
    # the first word stands before all; it was counted with the overhead
    kept = (words[0], *(word for word in whole if word != words[0]))
    return Wording(words=kept, overhead_tokens=overhead, exact=True)


def _whole(words: Sequence[str], found: int, surplus: Callable[[Sequence[str]], int]) -> list[str]:
    """Those of the words that are one token; `found` is the surplus of all of them."""
    if not found:
        return list(words)
    if len(words) == 1:
        return []
    left, right = words[: len(words) // 2], words[len(words) // 2 :]
    of_left = surplus(left)
    return _whole(left, of_left, surplus) + _whole(right, found - of_left, surplus)


def worded(settings: LoadSettings, found: ProbeResult) -> LoadSettings:
    """The settings with words that are one token each on this server, where prompts need them."""
    own = settings.own
    if own is None or isinstance(own, PromptFile):
        return settings
    server = Server(settings.url, settings.api_key, settings.timeouts, settings.access)

    def count(text: str) -> int | None:
        said = found.dialect.body([{"role": "user", "content": text}], 1, exact=False)
        answer = server.ask("POST", found.dialect.part, {"model": settings.model, **said})
        return tokens_of(answer.events.usage(), "prompt_tokens") if answer.head.fine else None

    wording = Wording(words=common_words())
    with suppress(GtcError):  # then lengths are assumed, and the report says so
        wording = wording_by(count)
    return settings.model_copy(update={"own": own.model_copy(update={"wording": wording})})
