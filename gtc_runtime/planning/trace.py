"""A recorded load, played through the twin's workers request by request.

What the load engine wrote of each request (``gtc load run --requests FILE``, or the folder that
GTC_REQUEST_LOG names) says when it was due, how long prompt and answer were and which conversation
it belongs to. Played again, the twin can be held against what really happened, with no draw of
documents between the two. It must not know files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gtc_runtime.load.demand.arrivals import Pacing
from gtc_runtime.load.records import KEYS, Key, Outcome
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.requests import Conversation, Request
from gtc_runtime.planning.topology import Topology
from gtc_spec.errors import UsageError
from gtc_spec.workloads import WorkloadMix


@dataclass(frozen=True)
class Recorded:
    """One request as it was.

    Attributes:
        due_s: When it was due, seconds after the beginning.
        key: Statistics key.
        prompt_tokens, answer_tokens: Its lengths.
        conversation: Name of its conversation; empty for none.
        ttft_s: Time to its first token.
        tpot_s: Mean time of a token after the first; None for an answer of one token.
    """

    due_s: float
    key: Key
    prompt_tokens: int
    answer_tokens: int
    conversation: str
    ttft_s: float
    tpot_s: float | None


def read(records: Iterable[Mapping[str, Any]], began_s: float | None = None) -> list[Recorded]:
    """The requests of a log that ended well, in the order in which they were due.

    Args:
        records: One mapping a request, as the load engine writes them.
        began_s: When the load began, on the clock of the records; None for when the first one was
            due.

    Raises:
        UsageError: A record is none of the load engine's, or none ended well.
    """
    try:
        ended = [each for each in records if each["outcome"] == Outcome.OK and each["tokens"] > 0]
        began_s = min(each["due_s"] for each in ended) if began_s is None and ended else began_s
        found = [_recorded(each, began_s or 0.0) for each in ended]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"not a request of the load engine: {error!r} is missing or wrong",
            "gtc load run --requests FILE writes them",
        ) from None
    if not found:
        raise UsageError("no request in this log ended well, allowed: at least one")
    return sorted(found, key=lambda each: each.due_s)


def _recorded(record: Mapping[str, Any], began_s: float) -> Recorded:
    if record["key"] not in KEYS:
        raise ValueError(record["key"])
    later = record["tokens"] - record["first_tokens"]
    return Recorded(
        record["due_s"] - began_s,
        record["key"],
        int(record["prompt_tokens"]),
        int(record["tokens"]),
        str(record["conversation"]),
        record["first_s"] - record["due_s"],
        (record["last_s"] - record["first_s"]) / later if later > 0 else None,
    )


class TracedDemand:
    """The load of a trace: what was due is due again, whatever is asked for.

    Args:
        trace: The requests.
        events: The clock.
        send: Called with each request when it is due.
    """

    def __init__(
        self, trace: Sequence[Recorded], events: Events, send: Callable[[Request], None]
    ) -> None:
        talks: dict[str, Conversation] = {}
        for each in trace:
            talk = None
            if each.conversation:
                talk = talks.setdefault(each.conversation, Conversation(0, 0))
            request = Request(each.key, each.due_s, each.prompt_tokens, each.answer_tokens, talk)
            events.at(max(each.due_s, events.now_s), partial(send, request))

    def set(self, rps: float, mix: WorkloadMix | None, pacing: Pacing) -> None:
        """A trace has its own rate."""

    def done(self, request: Request) -> None:
        """The next turn of a conversation comes when it came."""


def replay(hardware: Hardware, topology: Topology, trace: Sequence[Recorded]) -> list[Request]:
    """What becomes of each request on workers that stay as they are, in the order of the trace."""
    events, sent = Events(), list[Request]()
    cluster = Cluster(hardware, topology, events, _Nobody())

    def send(request: Request) -> None:
        sent.append(request)
        cluster.send(request)

    TracedDemand(trace, events, send)
    events.run()
    return sent


class _Nobody:
    """Hears nothing: the requests themselves know what became of them."""

    def on_tokens(self, end_s: float, step_s: float, streams: dict[Key, int], steps: int) -> None:
        """Tokens of some steps."""

    def on_first(self, request: Request) -> None:
        """The first token of a request."""

    def on_done(self, request: Request) -> None:
        """The end of a request."""
