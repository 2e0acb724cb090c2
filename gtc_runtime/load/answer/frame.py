"""What one frame of a streamed completion says, read as JSON.

The slow and sure way for frames that a search for fields does not understand: the first and the
last of an answer, errors in any form, and every frame of a server that writes JSON in its own way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gtc_runtime.load.answer.endings import is_whole

_WORDS = ("message", "detail", "errors", "error_message", "msg")
"""Where servers put what went wrong when there is no field `error`."""
_OUTPUT = ("content", "reasoning_content", "reasoning", "text", "refusal", "tool_calls")
_CALL = "function_call"
WORDS_MAX = 1_000
"""How much of the words of an error is kept, characters."""
TOKENS_MAX = 10**9
"""A count above this is none."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame says.

    Attributes:
        output: It brings output: text, reasoning or a part of a tool call.
        names_finish: It has the field `finish_reason`.
        reason: Why the answer ended; empty when it has not. The worst one, if there are several.
        words: What the server adds to the reason.
        usage: Token counts; empty when it has none.
        error: What went wrong, in the server's words; None when nothing did.
    """

    output: bool = False
    names_finish: bool = False
    reason: str = ""
    words: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


def parse(data: bytes) -> dict[str, Any]:
    """The object that a frame is; empty when it is none."""
    try:
        # letters of a frame are UTF-8; only for what begins otherwise is the encoding guessed
        found = json.loads(data.decode(errors="surrogatepass") if data[:2] == b'{"' else data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read(data: Mapping[str, Any]) -> Frame:
    """Understand a frame."""
    usage = data.get("usage")
    choices = list(_choices(data))
    ends = [_end(choice["finish_reason"]) for choice in choices if choice.get("finish_reason")]
    reason, words = next(
        (end for end in ends if not is_whole(end[0])), ends[0] if ends else ("", "")
    )
    return Frame(
        output=any(_brings(choice) for choice in choices),
        names_finish=any("finish_reason" in choice for choice in choices),
        reason=reason,
        words=words,
        usage=usage if isinstance(usage, dict) else {},
        error=_error(data, choices),
    )


def texts(data: Mapping[str, Any]) -> tuple[str, str]:
    """Text and reasoning of the first choice that was asked for."""
    for choice in _choices(data):
        if choice.get("index", 0) == 0:
            delta = _delta(choice)
            thought = delta.get("reasoning_content") or delta.get("reasoning")
            return _text(delta.get("content", choice.get("text"))), _text(thought)
    return "", ""


def tokens_of(usage: Mapping[str, Any], name: str) -> int | None:
    """A count of tokens; None unless it is a whole number that can be one."""
    found = usage.get(name)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= TOKENS_MAX:
        return None
    return found


def words_of(error: object) -> str:
    """What an error says, in letters that can be written anywhere."""
    if isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, dict):
        found = next((error[name] for name in _WORDS if error.get(name)), None)
        return words_of(found) if found else json.dumps(error)
    return str(error)[:WORDS_MAX].encode(errors="replace").decode()


def _choices(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    choices = data.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict):
            yield choice


def _delta(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    delta = choice.get("delta")
    return delta if isinstance(delta, dict) else {}


def _brings(choice: Mapping[str, Any]) -> bool:
    delta = _delta(choice)
    if any(_is_output(delta.get(name)) for name in _OUTPUT) or _is_output(choice.get("text")):
        return True
    return _is_output(delta.get(_CALL) and [delta[_CALL]])


def _is_output(value: object) -> bool:
    """Whether it is text, or parts of a message or of calls that are not empty."""
    if isinstance(value, str):
        return bool(value)
    return isinstance(value, list) and any(_part(each) for each in value)


def _part(part: object) -> bool:
    if not isinstance(part, dict):
        return bool(part)
    function = part.get("function", part)
    named = function if isinstance(function, dict) else part
    return any(named.get(name) for name in ("arguments", "name", "text", "content"))


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


def _end(reason: object) -> tuple[str, str]:
    """Reason and further words; some engines send an object with both."""
    if isinstance(reason, dict):
        return words_of(reason.get("type", "unknown")), words_of(reason.get("message") or "")
    return words_of(reason), ""


def _error(data: Mapping[str, Any], choices: list[dict[str, Any]]) -> str | None:
    """What a frame says went wrong, in any of the forms that servers have for it."""
    for holder in (data, *choices):
        if holder.get("error"):
            return words_of(holder["error"])
    answers = "choices" in data or "usage" in data
    says_so = "error" in (data.get("object"), data.get("type"))
    if says_so or (not answers and any(data.get(name) for name in _WORDS)):
        return words_of(dict(data))
    return None
