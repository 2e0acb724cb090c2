"""What no number of workers can beat: the times of one request on idle GPUs.

It must not know goals or topologies that are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gtc_runtime.load.records import Key
from gtc_runtime.planning import demand
from gtc_runtime.planning.answers.spread import quantile
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.requests import Conversation, Request
from gtc_runtime.planning.topology import Topology
from gtc_spec.environment import Environment
from gtc_spec.workloads import WorkloadMix

_DRAWN_S: Final = 400
_DRAWN_RPS: Final = 10
_TOPOLOGIES: Final = (Topology(1, 1), Topology(aggregated=1))
_ANSWER_TOKENS: Final = 2
_LONGEST_S: Final = 3600


@dataclass(frozen=True)
class Floors:
    """The least that can be seen.

    Attributes:
        prompt_tokens: What the p95 request of the mix has to prefill, cached turns left out.
        ttft_s: Its time to the first token, alone, on the better of both topologies.
        itl_s: One decode step of one request.
    """

    prompt_tokens: int
    ttft_s: float
    itl_s: float


def floors(environment: Environment, hardware: Hardware, mix: WorkloadMix) -> Floors:
    """The floors of a mix on this hardware."""
    tokens = round(quantile(_new_tokens(environment, mix), 0.95))
    alone = [_alone(hardware, topology, tokens) for topology in _TOPOLOGIES]
    return Floors(
        tokens, min(a.ttft_s for a in alone), hardware.profile.decode_step_ms(1, 1) / 1000
    )


def _new_tokens(environment: Environment, mix: WorkloadMix) -> list[float]:
    """What requests of the mix have to prefill when every cache holds what it can."""
    events, found = Events(), []
    known: dict[int, tuple[Conversation, int]] = {}

    def send(request: Request) -> None:
        talk = request.conversation
        _, cached = known.get(id(talk), (talk, 0))
        found.append(float(request.prompt_tokens - cached))
        if talk is not None:
            known[id(talk)] = talk, request.prompt_tokens
        load.done(request)

    load = demand.Demand(environment.workloads, 0, events, send)
    load.set(_DRAWN_RPS, mix, "paced")
    events.run(_DRAWN_S)
    return found


class _Listener:
    def on_tokens(self, end_s: float, step_s: float, streams: dict[Key, int], steps: int) -> None:
        """Of no interest."""

    def on_first(self, request: Request) -> None:
        """Of no interest."""

    def on_done(self, request: Request) -> None:
        """Of no interest."""


def _alone(hardware: Hardware, topology: Topology, prompt_tokens: int) -> Request:
    events = Events()
    request = Request("summarization", 0.0, prompt_tokens, _ANSWER_TOKENS)
    Cluster(hardware, topology, events, _Listener()).send(request)
    events.run(_LONGEST_S)
    return request
