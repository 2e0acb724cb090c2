"""Single figures: what was measured, what the twin says, and how far apart they are."""

from __future__ import annotations

import statistics
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gtc_runtime.load.records import Key
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving import link
from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.prompts import Chunk, step_s
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.topology import Topology
from gtc_spec import environment
from gtc_spec.profiles.profile import Profile

JSON = dict[str, Any]
MEASURED = Path(__file__).parent / "measured.toml"
DEV = environment.load("dev")


@dataclass(frozen=True)
class Point:
    """One figure.

    Attributes:
        what: What it is of, for people.
        at: Where, such as the length of a prompt.
        source: Who measured or predicted it.
        measured: The figure.
        twin: The same from the twin.
        unit: ``ms`` or ``s``.
        limit: How far the twin may be away, a share.
    """

    what: str
    at: str
    source: str
    measured: float
    twin: float
    unit: str
    limit: float

    @property
    def difference(self) -> float:
        """How far the twin is away, a share of what was measured."""
        return self.twin / self.measured - 1


def measured() -> JSON:
    """The figures on record."""
    return tomllib.loads(MEASURED.read_text(encoding="utf-8"))


def points() -> Iterator[Point]:
    """Every single figure on record, beside the twin's."""
    record = measured()
    for kind, told in _KINDS.items():
        for group in record[kind]:
            for at, value, twin in told(group):
                unit = "s" if kind == "start" else "ms"
                yield Point(group["what"], at, group["source"], value, twin, unit, group["limit"])


def on_nvlink(profile: Profile, **more: Any) -> Hardware:
    """Two GPUs of one host with NVLink between them."""
    found = Hardware.of(DEV, profile)
    costs = profile.kv_transfer
    rate = found.link_gb_s if costs is None else costs.fresh_gb_s
    return replace(found, link_gb_s=rate, slots=2, max_sequences=512, **more)


class _Noted:
    """A cluster that notes its gaps while all of some streams run."""

    def __init__(self, hardware: Hardware, topology: Topology, streams: int = 1) -> None:
        self._events, self._streams = Events(), streams
        self.gaps_s: list[float] = []
        self.ended_s = 0.0
        self._cluster = Cluster(replace(hardware, stream_us=0), topology, self._events, self)

    def serve(self, *requests: Request) -> None:
        for request in requests:
            self._cluster.send(request)
        self._events.run()

    def on_tokens(self, end_s: float, step_s: float, streams: dict[Key, int], steps: int) -> None:
        """Tokens of some steps."""
        self.ended_s = end_s
        if sum(streams.values()) == self._streams:
            self.gaps_s += [step_s] * steps

    def on_first(self, request: Request) -> None:
        """The first token of a request."""

    def on_done(self, request: Request) -> None:
        """The end of a request."""


_Told = Iterator[tuple[str, float, float]]


def _steps(group: JSON) -> _Told:
    found = on_nvlink(Profile.load(group["profile"]))
    hardware = replace(found, step_us_per_token=0, step_more_s=0)
    for tokens, ms in group["points"]:
        chunk = Chunk(Request("summarization", 0.0, tokens, 1), tokens, 0, last=True)
        yield f"{tokens:,} tokens", ms, step_s(hardware, [chunk]) * 1000


def _decode(group: JSON) -> _Told:
    profile = Profile.load(group["profile"])
    for batch, context, ms in group["points"]:
        yield f"{batch} @ {context:,}", ms, profile.decode_step_ms(batch, batch * context)


def _streams(group: JSON) -> _Told:
    hardware = on_nvlink(Profile.load(group["profile"]))
    aggregated = "aggregated" in group["what"]
    topology = Topology(aggregated=1) if aggregated else Topology(1, 1)
    for streams, prompt, answer, ms in group["points"]:
        noted = _Noted(hardware, topology, streams)
        # longer than measured: the first one still runs when the last one begins
        longer = answer + 300
        noted.serve(*(Request("reasoning", 0.0, prompt, longer) for _ in range(streams)))
        yield f"{streams} @ {prompt:,}", ms, statistics.median(noted.gaps_s[:answer]) * 1000


def _ttft(group: JSON) -> _Told:
    profile = Profile.load(group["profile"])
    tokens_of_a_step = group.get("step_tokens", 8192)
    hardware = on_nvlink(profile, fresh_pool=group["fresh_pool"])
    hardware = replace(hardware, step_tokens=tokens_of_a_step)
    for tokens, ms in group["points"]:
        lone = Request("summarization", 0.0, tokens, 6)
        _Noted(hardware, Topology(1, 1)).serve(lone)
        yield f"{tokens:,} tokens", ms, lone.ttft_s * 1000


def _transfers(group: JSON) -> _Told:
    hardware, scattered = on_nvlink(Profile.load(group["profile"])), group["scattered"]
    for tokens, _, ms in group["points"]:
        posted_s = link.post_s(hardware, tokens, scattered)
        yield f"{tokens:,} tokens", ms, (posted_s + link.copy_s(hardware, tokens, scattered)) * 1000


def _starts(group: JSON) -> _Told:
    profile = Profile.load(group["profile"])
    start, cold_s = profile.start, Hardware.of(DEV, profile).worker_start_s
    assert start is not None  # noqa: S101 - only profiles that were measured are named
    for seconds in group["warm_s"]:
        yield "compiled before", seconds, cold_s - start.cold_compile_s
    for seconds in group["cold_s"]:
        yield "nothing compiled", seconds, cold_s


_KINDS: dict[str, Callable[[JSON], _Told]] = {
    "step": _steps,
    "decode": _decode,
    "streams": _streams,
    "ttft": _ttft,
    "transfer": _transfers,
    "start": _starts,
}
