"""How wrong a client was: what it says, held against what the server knows.

Definitions. *TTFT error*: |(client's first arrival - its send) - (server's first send - receipt, as
the kernel saw it)|. *Stamp error*: the client's stamp of a frame minus the server's send of this
very frame, over all frames of all answers. *Schedule error*: how much later than evenly spaced
requests reach the server, the earliest one counting as on time. Pure arithmetic; times are
CLOCK_MONOTONIC in ns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.bench.load.server import Answer

MS = 1e6


@dataclass(frozen=True)
class Seen:
    """One request as a client saw it.

    Attributes:
        serial: What the server calls it.
        sent: When the client says that it sent it.
        first: Arrival of the first token.
        arrivals: Arrival of every frame; empty if the client does not tell.
    """

    serial: int
    sent: int
    first: int
    arrivals: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))


def ttft_errors_ms(seen: Iterable[Seen], answers: Iterable[Answer]) -> np.ndarray:
    """One error for each request that both sides know."""
    known = {answer.serial: answer for answer in answers}
    errors = [
        (each.first - each.sent) - (known[each.serial].first - known[each.serial].received)
        for each in seen
        if each.serial in known and each.first
    ]
    return np.abs(np.array(errors, dtype=float)) / MS


def stamp_errors_ms(seen: Iterable[Seen], times: Mapping[int, np.ndarray]) -> np.ndarray:
    """One error for each frame of each request whose frames both sides counted alike."""
    found = [
        each.arrivals - times[each.serial]
        for each in seen
        if each.serial in times and len(times[each.serial]) == len(each.arrivals)
    ]
    return np.abs(np.concatenate(found)) / MS if found else np.empty(0)


def realised_rps(answers: Sequence[Answer]) -> float:
    """Rate at which requests reached the server."""
    span_ns = answers[-1].received - answers[0].received
    return (len(answers) - 1) / span_ns * 1e9


def schedule_errors_ms(answers: Sequence[Answer], rps: float) -> np.ndarray:
    """One error for each request of an evenly spaced schedule."""
    received = np.array([answer.received for answer in answers], dtype=np.int64)
    late = (received - received[0]) - np.arange(len(received)) * (1e9 / rps)
    return np.asarray((late - late.min()) / MS)


def serial_of(answer_id: str) -> int:
    """The serial in the server's id of an answer; 0 when it is none of its ids."""
    digits = answer_id.removeprefix("chatcmpl-")
    return int(digits) if digits.isdigit() else 0


def quantile(values: np.ndarray, q: float) -> float:
    """NaN when there are no values."""
    return float(np.quantile(values, q)) if len(values) else float("nan")
