"""Single simulated workers on a virtual clock, so that queueing laws can be checked."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.aggregated import AggregatedWorker
from gtc_runtime.planning.serving.decode import DecodeWorker
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.meter import Meter
from gtc_runtime.planning.serving.prefill import PrefillWorker
from gtc_runtime.planning.serving.requests import Conversation, Request
from gtc_spec.environment import load

PROD = load("prod")
HARDWARE = Hardware.of(PROD)
PROFILE = HARDWARE.profile
WHOLE = replace(HARDWARE, step_tokens=32_768)
"""Hardware whose steps hold any prompt, so that a prompt alone is one step."""


def poisson(rate_rps: float, requests: int, seed: int = 1) -> Iterator[float]:
    """Arrival times at random."""
    random_, at = random.Random(seed), 0.0
    for _ in range(requests):
        at += random_.expovariate(rate_rps)
        yield at


def every(seconds: float, requests: int) -> Iterator[float]:
    """Arrival times like a clock."""
    return (seconds * index for index in range(requests))


def document(at_s: float, tokens: int, answer: int = 1) -> Request:
    return Request("summarization", at_s, tokens, answer)


def turn(talk: Conversation, at_s: float = 0.0, answer: int = 100) -> Request:
    return Request("chat_turn1", at_s, talk.prompt_tokens, answer, talk)


class OneAtATime(PrefillWorker):
    """A prefill worker whose every step holds one whole prompt and nothing of the next.

    Queueing theory knows no packing.
    """

    def _begin(self) -> None:
        if (request := self._prompts.next) is not None:
            self._hardware = replace(self._hardware, step_tokens=request.new_tokens)
        super()._begin()


class Prefills:
    """Prefill workers behind the router's rule: the fewest tokens that wait or run."""

    def __init__(
        self,
        workers: int = 1,
        hardware: Hardware = WHOLE,
        kind: type[PrefillWorker] = PrefillWorker,
    ) -> None:
        self.events = Events()
        self.meter = Meter()
        new = hardware, self.events, self.meter, self._prefilled
        self.workers = [kind(*new) for _ in range(workers)]
        self.done: list[Request] = []
        """Prefilled requests in the order of their ends."""

    def play(self, arrivals: Iterable[float], tokens: Callable[[], int]) -> None:
        for at in arrivals:
            self.send(document(at, tokens()))
        self.events.run()

    def send(self, request: Request) -> Request:
        self.events.at(request.due_s, partial(self._arrive, request))
        return request

    def _arrive(self, request: Request) -> None:
        min(self.workers, key=lambda each: each.cost(request)).add(request)

    def _prefilled(self, _: PrefillWorker, request: Request) -> None:
        self.done.append(request)

    @property
    def waits_s(self) -> list[tuple[float, float]]:
        """(arrival, wait before the prefill began) of every request, in the order of arrival."""
        found = sorted(self.done, key=lambda each: each.due_s)
        return [(each.due_s, each.begun_s - each.due_s) for each in found]


class Notes:
    """A listener that notes steps, first tokens and ends."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self.steps: list[tuple[float, float, int]] = []
        """(end, seconds a step, tokens) of every stretch."""
        self.first_s: dict[Request, float] = {}
        self.done_s: dict[Request, float] = {}

    def on_tokens(self, end_s: float, step_s: float, streams: dict[str, int], steps: int) -> None:
        self.steps.append((end_s, step_s, sum(streams.values()) * steps))

    def on_first(self, request: Request) -> None:
        self.first_s[request] = self._events.now_s

    def on_done(self, request: Request) -> None:
        self.done_s[request] = self._events.now_s

    @property
    def itl_s(self) -> float:
        """Mean gap between tokens."""
        tokens = sum(tokens for _, _, tokens in self.steps)
        return sum(step_s * tokens for _, step_s, tokens in self.steps) / tokens


class Engine(Notes):
    """One decode or aggregated worker; notes what it does."""

    worker: Any

    def __init__(self, kind: type, hardware: Hardware) -> None:
        super().__init__(Events())
        self.events = self._events
        self.meter = Meter()
        self.worker = kind(hardware, self.events, self.meter, self)

    def add(self, at_s: float, prompt_tokens: int, output_tokens: int) -> Request:
        request = Request("reasoning", at_s, prompt_tokens, output_tokens)
        self.events.at(at_s, partial(self._arrive, request))
        return request

    def _arrive(self, request: Request) -> None:
        self.worker.add(request)

    def run(self) -> None:
        self.events.run()


class Decode(Engine):
    """One decode worker."""

    def __init__(self, pool_tokens: int = 400_000, hardware: Hardware = HARDWARE) -> None:
        super().__init__(DecodeWorker, replace(hardware, kv_tokens=pool_tokens))

    def _arrive(self, request: Request) -> None:
        self.worker.expect(request)
        super()._arrive(request)


class Aggregated(Engine):
    """One aggregated worker."""

    def __init__(self, hardware: Hardware = HARDWARE) -> None:
        super().__init__(AggregatedWorker, hardware)
