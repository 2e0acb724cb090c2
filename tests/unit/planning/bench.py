"""Drives single simulated workers with a heap of events, so that queueing laws can be checked."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from gtc_runtime.planning.workers import DecodeWorker, PrefillWorker, Request
from gtc_spec.profiles.profile import Profile

PROFILE = Profile.load("llama-3.1-70b.h200.fp8")


class Clock:
    """Events in the order of their time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, when_s: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when_s, next(self._order), event))

    def run(self, until_s: float = float("inf")) -> None:
        while self._events and self._events[0][0] <= until_s:
            self.now_s, _, event = heapq.heappop(self._events)
            event()


def poisson(rate_rps: float, requests: int, seed: int = 1) -> Iterator[float]:
    """Arrival times at random."""
    random_, at = random.Random(seed), 0.0
    for _ in range(requests):
        at += random_.expovariate(rate_rps)
        yield at


def every(seconds: float, requests: int) -> Iterator[float]:
    """Arrival times like a clock."""
    return (seconds * index for index in range(requests))


class Prefills:
    """Prefill workers behind the router's rule: the fewest tokens that wait or run."""

    def __init__(self, workers: int) -> None:
        self.clock = Clock()
        self.workers = [PrefillWorker(PROFILE) for _ in range(workers)]
        self.waits_s: list[tuple[float, float]] = []
        """(arrival, wait before the prefill began) of every request, in the order of starts."""

    def play(self, arrivals: Iterable[float], tokens: Callable[[], int]) -> None:
        for at in arrivals:
            request = Request("summarization", at, tokens(), 1)
            self.clock.at(at, partial(self._arrive, request))
        self.clock.run()

    def _arrive(self, request: Request) -> None:
        worker = min(self.workers, key=lambda each: each.pending_tokens)
        worker.queue.append(request)
        self._start(worker)

    def _start(self, worker: PrefillWorker) -> None:
        duration_s = worker.next_s()
        if duration_s is not None:
            assert worker.current is not None
            due_s = worker.current.due_s
            self.waits_s.append((due_s, self.clock.now_s - due_s))
            self.clock.at(self.clock.now_s + duration_s, partial(self._done, worker))

    def _done(self, worker: PrefillWorker) -> None:
        worker.finish()
        self._start(worker)


class Decode:
    """One decode worker; notes steps, first tokens and ends."""

    def __init__(self, pool_tokens: int = 400_000) -> None:
        self.clock = Clock()
        self.steps: list[tuple[float, float, int]] = []
        """(end, seconds a step, tokens) of every stretch."""
        self.first_s: dict[Request, float] = {}
        self.done_s: dict[Request, float] = {}
        self.worker = DecodeWorker(PROFILE, pool_tokens, self._tokens, self._first, self._done)

    def add(self, at_s: float, prompt_tokens: int, output_tokens: int) -> Request:
        request = Request("reasoning", at_s, prompt_tokens, output_tokens)
        self.clock.at(at_s, partial(self._arrive, request))
        return request

    def _arrive(self, request: Request) -> None:
        self.worker.add(request)
        joins = self.worker.interrupt_s(self.clock.now_s)
        self._book(self.clock.now_s if joins is None else joins)

    def _book(self, when_s: float) -> None:
        self.worker.version += 1
        self.clock.at(when_s, partial(self._boundary, self.worker.version))

    def _boundary(self, version: int) -> None:
        if version == self.worker.version:
            ends = self.worker.boundary(self.clock.now_s)
            if ends is not None:
                self._book(ends)

    def _tokens(self, end_s: float, step_s: float, streams: dict[str, int], steps: int) -> None:
        self.steps.append((end_s, step_s, sum(streams.values()) * steps))

    def _first(self, request: Request, now_s: float) -> None:
        self.first_s[request] = now_s

    def _done(self, request: Request, now_s: float) -> None:
        self.done_s[request] = now_s
