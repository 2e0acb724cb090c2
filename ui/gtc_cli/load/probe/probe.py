"""What is asked of a server before any load: does it answer for the model, and in which dialect?

One short answer, as the load would ask for it. The list of models is only a hint, for names that
the server itself refuses: routers serve names that they do not list.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from gtc_cli.load.probe.ladder import Reply, agree
from gtc_cli.load.probe.server import KEY_HINT, Answer, Server
from gtc_runtime.load.answer.endings import is_whole
from gtc_runtime.load.answer.frame import parse
from gtc_runtime.load.answer.framing import sample
from gtc_runtime.load.answer.sse import EventStream
from gtc_runtime.load.asking.access import Access
from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.settings import Timeouts, check_url
from gtc_spec.errors import GtcError, UsageError

TOKENS: Final = 8
"""Enough to see how a server counts, and few enough to come at once."""
SYSTEM: Final = "You answer in one short sentence."
QUESTION: Final = "Which colour has the sky on a clear day?"


@dataclass(frozen=True)
class ProbeResult:
    """What was learnt about a server.

    Attributes:
        dialect: How it wants to be asked.
        notice: What was odd about its answer; empty when nothing was.
    """

    dialect: Dialect = field(default_factory=Dialect)
    notice: str = ""


def check(url: str) -> None:
    """Refuse what is no address of a server, or holds a password.

    Raises:
        UsageError: With the reason.
    """
    check_url(url)
    if "@" in urlsplit(url).netloc:
        raise UsageError("an address with a password is not taken", KEY_HINT)


def probe(
    url: str,
    model: str,
    key: str,
    timeouts: Timeouts | None = None,
    begin: Dialect | None = None,
    access: Access | None = None,
) -> ProbeResult:
    """Ask for a short answer, in another dialect if the server refuses the first.

    Args:
        url: Address of the server.
        model: Served name.
        key: Bearer token; empty for none.
        timeouts: How patient to be: as the load.
        begin: The dialect to begin with.
        access: Headers of one's own, and whom encrypted connections trust.

    Raises:
        UnreachableError: Nothing answers there, or no secure connection can be made.
        UsageError: The model is not served, or the key is missing or refused.
        GtcError: The server refuses a completion, does not stream it, or cuts it short.
    """
    server = Server(url, key, timeouts or Timeouts(), access)
    last: list[Answer] = []

    def ask(dialect: Dialect) -> Reply:
        messages = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": QUESTION},
        ]
        body = {"model": model, **dialect.body(messages, TOKENS, exact=True)}
        last.append(server.ask("POST", dialect.part, body))
        return Reply(last[-1].head.status, last[-1].words)

    dialect, reply = agree(ask, (begin or Dialect()).model_copy(update={"usage": "running"}))
    if not reply.accepted:
        raise _refusal(server, model, last[0])
    _refuse_form(server, last[-1])
    return _learnt(dialect, last[-1].events)


def _refusal(server: Server, model: str, answer: Answer) -> GtcError:
    """Why there is no answer; if the model is not among those listed, that."""
    if answer.head.status in (400, 404, 422):
        served = _models(server)
        if served and model not in served:
            close = difflib.get_close_matches(model, served, n=1)
            return UsageError(
                f"{server.url} does not serve {model!r}, it serves: {', '.join(served[:5])}",
                f"did you mean {close[0]}?" if close else "check --model",
            )
    if answer.head.status == 404:
        return UsageError(
            f"{server.url} has no model {model!r} or no chat completions: {server.said(answer)}",
            "check --url and --model",
        )
    return server.refusal(answer)


def _models(server: Server) -> list[str]:
    """Names of the served models; empty when there is no list that can be read."""
    try:
        listed = parse(server.ask("GET", "models").body).get("data")
    except GtcError:
        return []
    found = listed if isinstance(listed, list) else []
    return [str(each["id"]) for each in found if isinstance(each, dict) and "id" in each]


def _refuse_form(server: Server, answer: Answer) -> None:
    """Refuse an answer in a form that the load could not read."""
    headers = answer.head.headers
    kind = sample(headers.get(b"content-type", b""))
    if not answer.head.streams_events:
        raise GtcError(
            f"{server.url} answers with {kind or 'no content type'}, not with text/event-stream",
            "only servers that stream events can be measured",
        )
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding != b"identity":
        raise GtcError(
            f"{server.url} packs its stream ({sample(encoding)}) although asked not to",
            "switch compression off in the proxy in front of it",
        )


def _learnt(dialect: Dialect, events: EventStream) -> ProbeResult:
    """What the answer itself shows."""
    if dialect.usage == "running" and not events.running:
        dialect = dialect.model_copy(update={"usage": "end"})
    silent = events.done and events.frames > 0 and not events.finished
    if silent and events.names_finish:
        dialect = dialect.model_copy(update={"finish_reasons": False})
    result = ProbeResult(dialect)
    if events.error is not None:
        return replace(result, notice=f"its first answer was an error: {events.error}")
    if events.finished and not is_whole(events.reason):
        return replace(result, notice=f"its first answer ended with {events.reason!r}")
    if not events.frames:
        return replace(result, notice="its first answer had no output")
    return result
