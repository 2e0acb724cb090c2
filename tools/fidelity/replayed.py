"""The same requests again: loads that real workers served, played in the twin request by request.

A figure of half a minute is one draw of documents, and a worker's pool remembers what it served. So
the requests that were really sent are sent again, in the order in which they were, to workers that
are not started anew between two loads. What is left between the two is the twin's.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.records import Key
from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.topology import Topology
from gtc_runtime.planning.trace import Recorded, TracedDemand
from gtc_spec.profiles.profile import Profile
from tools.fidelity.points import on_nvlink

JSON = dict[str, Any]
RECORD: Final = Path(__file__).with_name("h200-requests.json")
TOPOLOGIES: Final = {
    str(each): each for each in (Topology(1, 1), Topology(aggregated=2), Topology(aggregated=1))
}


@dataclass(frozen=True)
class Row:
    """One load.

    Attributes:
        load, date, topology: What was played, when, and on which workers.
        requests: How many.
        figures: Milliseconds by name, measured and the twin's.
        descriptors: Of a KV transfer, in the mean, likewise; None where nothing is transferred.
    """

    load: str
    date: str
    topology: str
    requests: int
    figures: Mapping[str, tuple[float, float]]
    descriptors: tuple[float, float] | None


def rows() -> Iterator[Row]:
    """Every load that counts; one that warmed the workers up is played and does not."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    for sequence in record["sequences"]:
        yield from _sequence(record, sequence)


def prefill_busy_s() -> tuple[float, float]:
    """Seconds in which a prefill worker computed, by its own record of them, and the twin's."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    sequence = next(each for each in record["sequences"] if "prefill_busy_s" in each)
    return sequence["prefill_busy_s"], _played(record, sequence).busy_s


def off(found: list[Row], name: str) -> list[float]:
    """How far the twin is away in one figure, shares, the nearest first."""
    return sorted((abs(twin / seen - 1) for seen, twin in (row.figures[name] for row in found)))


def _sequence(record: JSON, sequence: JSON) -> Iterator[Row]:
    loads, topology = sequence["loads"], sequence["topology"]
    played = _played(record, sequence)
    for load, ours, gaps in zip(loads, played.requests, played.gaps, strict=True):
        if load["load"]:
            seen = load["figures"]
            twin = _figures(ours, gaps)
            figures = {name: (seen[name], twin[name]) for name in twin}
            told_by_nixl = load.get("descriptors")
            shipped = [each.descriptors for each in ours if each.descriptors]
            descriptors = told_by_nixl and (told_by_nixl, statistics.fmean(shipped))
            yield Row(load["load"], sequence["date"], topology, len(ours), figures, descriptors)


def _played(record: JSON, sequence: JSON) -> _Played:
    told = [
        [_recorded(record, load, each) for each in load["requests"]] for load in sequence["loads"]
    ]
    begins = [load[0].due_s for load in told] + [float("inf")]
    played = _Played(record["profile"], TOPOLOGIES[sequence["topology"]], begins)
    played.play([each for load in told for each in load])
    return played


def _recorded(record: JSON, load: JSON, row: list[Any]) -> Recorded:
    due_s, key, prompt, answer, talk, first_s, last_s = row
    name = f"{load['load']} {talk}" if talk else ""
    tpot_s = (last_s - first_s) / (answer - 1) if answer > 1 else None
    return Recorded(due_s, record["keys"][key], prompt, answer, name, first_s - due_s, tpot_s)


def _figures(requests: list[Request], gaps: Histogram) -> dict[str, float]:
    ttft = Histogram(each.ttft_s for each in requests)
    tpot = Histogram(each.tpot_s for each in requests if each.tpot_s is not None)
    found = {"TTFT": ttft, "ITL": gaps, "TPOT": tpot}
    asked = [("TTFT", 0.5), ("TTFT", 0.95), ("ITL", 0.5), ("ITL", 0.95), ("ITL", 0.99)]
    asked += [("TPOT", 0.5), ("TPOT", 0.95)]
    told = {f"{name} p{q * 100:.0f}": (found[name].quantile(q) or 0.0) * 1000 for name, q in asked}
    return told | {"ITL mean": gaps.sum_s / gaps.n * 1000}


class _Played:
    """Workers that serve one load after the other; figures of each by the time of its begin."""

    def __init__(self, profile: str, topology: Topology, begins_s: list[float]) -> None:
        self._events = Events()
        self._cluster = Cluster(on_nvlink(Profile.load(profile)), topology, self._events, self)
        self._spans = list(pairwise(begins_s))
        self.requests: list[list[Request]] = [[] for _ in self._spans]
        self.gaps = [Histogram() for _ in self._spans]

    def play(self, trace: list[Recorded]) -> None:
        TracedDemand(trace, self._events, self._send)
        self._events.run()

    @property
    def busy_s(self) -> float:
        """Seconds of computing of its prefill workers."""
        return self._cluster.gpu_seconds()["prefill"][0]

    def _load(self, at_s: float) -> int:
        return next(n for n, (begin, end) in enumerate(self._spans) if begin <= at_s < end)

    def _send(self, request: Request) -> None:
        self.requests[self._load(request.due_s)].append(request)
        self._cluster.send(request)

    def on_tokens(self, end_s: float, step_s: float, streams: dict[Key, int], steps: int) -> None:
        """Tokens of some steps."""
        self.gaps[self._load(end_s)].add(step_s, sum(streams.values()) * steps)

    def on_first(self, request: Request) -> None:
        """The first token of a request."""

    def on_done(self, request: Request) -> None:
        """The end of a request."""
