"""One simulated cycle of the show in about a second: the planner's discrete events.

It runs the live scenario machine, the live arrival schedule and the live mix against simulated
workers, and keeps what the report needs. What it leaves out on purpose: HTTP parsing, chunked
prefill packing, failures. It must not know how its figures are judged.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from functools import partial
from itertools import count

from gtc_runtime.load.demand.arrivals import Arrivals
from gtc_runtime.load.demand.mix import MixSequence
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Slices, tally_at
from gtc_runtime.load.records import Key
from gtc_runtime.planning.pools import SimulatedPools
from gtc_runtime.planning.workers import Conversation, DecodeWorker, PrefillWorker, Request
from gtc_runtime.scenario import machine, report
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_spec.environment import Environment
from gtc_spec.profiles.profile import Profile
from gtc_spec.workloads import FACTS, ChatShape, Workload

HTTP_S = 0.0156
"""Host and HTTP overhead of a request, seconds (BLIS fits 15.6 ms)."""
BLOCK_TOKENS = 32
"""Tokens of a KV block; only whole blocks hit."""
QUESTION_TOKENS = 40
"""Tokens that a follow-up question adds."""
TICK_S = 1.0

JSON = report.JSON


class Simulation:
    """One cycle of an environment's show.

    Args:
        environment: Facts, with the phase table to play.
        profile: GPU timings.
        seed: Equal seeds give equal cycles.
    """

    def __init__(self, environment: Environment, profile: Profile, seed: int) -> None:
        self._env = environment
        self._profile = profile
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self.now_s = 0.0
        self._timeline = environment.timeline
        self._arrivals = Arrivals(seed, 0.0)
        self._mix: MixSequence | None = None
        self._turns_owed = 0
        self._waiting = 0
        self.log = CycleLog()
        self.book = SliceBook()
        self._slices: Slices = {}
        self._state = machine.IDLE
        self.pools = SimulatedPools(environment, self._new_prefill, self._new_decode, self.at)

    def run(self) -> list[JSON]:
        """Play one cycle to its end; the phases of its report."""
        self._state, actions = machine.start(self._timeline, 0.0, once=True)
        self._apply(actions)
        self.at(0.0, self._tick)
        self._schedule_arrival()
        while self._events and self._state.index is not None:
            self.now_s, _, event = heapq.heappop(self._events)
            event()
        self.log.close(self.now_s)
        self.book.add(Snapshot(self.now_s, self._slices))
        return report.phases(self.log, self.book)

    def at(self, when_s: float, event: Callable[[], None]) -> None:
        """Do something later."""
        heapq.heappush(self._events, (when_s, next(self._order), event))

    # -- the scenario ---------------------------------------------------------------------------

    def _tick(self) -> None:
        seen = machine.Observation(self.now_s, self.pools.ready, self._waiting)
        self._state, actions = machine.step(self._timeline, self._state, seen)
        self._apply(actions)
        self.log.pools(self.now_s, self.pools.desired, self.pools.ready)
        self.at(self.now_s + TICK_S, self._tick)

    def _apply(self, actions: list[machine.Action]) -> None:
        for action in actions:
            if isinstance(action, machine.Entered):
                self.log.enter(self._timeline.segments[action.index], self.now_s)
            elif isinstance(action, machine.SetRatio):
                self.pools.order(action.ratio, self.now_s)
        load = machine.load_at(self._timeline, self._state, self.now_s)
        rps, mix = load if load else (0.0, None)
        if mix is not None:
            self._mix = self._mix or MixSequence(mix)
            self._mix.change(mix)
        self._arrivals.set_rate(rps, "paced", self.now_s)
        self._schedule_arrival()

    # -- arrivals -------------------------------------------------------------------------------

    def _schedule_arrival(self) -> None:
        due = self._arrivals.next_due_s
        if due is not None:
            self.at(max(due, self.now_s), partial(self._arrive, due))

    def _arrive(self, due_s: float) -> None:
        if self._arrivals.next_due_s != due_s or self._mix is None:
            return  # the rate changed since; another arrival stands in for this one
        self._arrivals.pop()
        self._schedule_arrival()
        workload = self._mix.next()
        if workload == "chat" and self._turns_owed > 0:
            self._turns_owed -= 1
            return
        self._send(self._draw(workload))

    def _draw(self, workload: Workload) -> Request:
        shape, between = self._env.workloads.of(workload), self._random.randint
        if isinstance(shape, ChatShape):
            talk = Conversation(between(*shape.turns) - 1, between(*shape.context_tokens))
            return self._turn(talk)
        prompt_tokens, output_tokens = between(*shape.prompt_tokens), between(*shape.output_tokens)
        return Request(FACTS[workload].key(1), self.now_s, prompt_tokens, output_tokens)

    def _turn(self, talk: Conversation) -> Request:
        key = FACTS["chat"].key(talk.turn)
        reply = self._random.randint(*self._env.workloads.chat.reply_tokens)
        return Request(key, self.now_s, talk.prompt_tokens, reply, talk)

    def _follow_up(self, talk: Conversation) -> None:
        if self._mix is None or not self._mix.mix["chat"]:
            return  # conversations end when chat has no share
        self._turns_owed += 1
        self._send(self._turn(talk))

    # -- the path of a request ------------------------------------------------------------------

    def _send(self, request: Request) -> None:
        tally_at(self._slices, request.due_s, request.key).due += 1
        self._waiting += 1
        worker = min(self.pools.prefill, key=partial(self._prefill_cost, request))
        talk = request.conversation
        if talk is not None and talk.holder is worker:
            request.cached_tokens = talk.cached_tokens
        worker.queue.append(request)
        self._start_prefill(worker)

    def _prefill_cost(self, request: Request, worker: PrefillWorker) -> float:
        talk = request.conversation
        cached = talk.cached_tokens if talk is not None and talk.holder is worker else 0
        return worker.pending_tokens + request.prompt_tokens - cached

    def _start_prefill(self, worker: PrefillWorker) -> None:
        duration_s = worker.next_s()
        if duration_s is not None:
            self.at(self.now_s + duration_s, partial(self._prefilled, worker))

    def _prefilled(self, worker: PrefillWorker) -> None:
        request = worker.finish()
        talk = request.conversation
        if talk is not None:
            talk.holder = worker
            talk.cached_tokens = request.prompt_tokens // BLOCK_TOKENS * BLOCK_TOKENS
        decode = min(self.pools.decode, key=lambda each: each.load_tokens)
        rehearsal = self._env.rehearsal
        seconds = request.prompt_tokens * self._profile.kv_bytes_per_token / rehearsal.kv_link_gb_s
        starts = self.now_s
        if rehearsal.link_contention:
            starts = max(starts, worker.link_free_s, decode.link_free_s)
        arrives = starts + seconds / 1e9
        worker.link_free_s = decode.link_free_s = arrives
        self.at(arrives, partial(self._to_decode, decode, request))
        self._start_prefill(worker)
        self.pools.settle(self.now_s)

    def _to_decode(self, worker: DecodeWorker, request: Request) -> None:
        worker.add(request)
        joins = worker.interrupt_s(self.now_s)
        self._book_at(worker, self.now_s if joins is None else joins)

    def _book_at(self, worker: DecodeWorker, when_s: float) -> None:
        worker.version += 1
        self.at(when_s, partial(self._boundary, worker, worker.version))

    def _boundary(self, worker: DecodeWorker, version: int) -> None:
        if version != worker.version:
            return
        ends = worker.boundary(self.now_s)
        if ends is not None:
            self._book_at(worker, ends)

    # -- what workers report --------------------------------------------------------------------

    def _new_prefill(self) -> PrefillWorker:
        return PrefillWorker(self._profile)

    def _new_decode(self) -> DecodeWorker:
        pool = self._profile.kv_pool_tokens(self._env.model.kv_fraction)
        return DecodeWorker(self._profile, pool, self._on_tokens, self._on_first, self._on_done)

    def _on_tokens(self, end_s: float, step_s: float, streams: dict[Key, int], steps: int) -> None:
        for key, each in streams.items():
            if each:
                tally_at(self._slices, end_s, key).itl.add(step_s, each * steps)

    def _on_first(self, request: Request, now_s: float) -> None:
        self._waiting -= 1
        tally_at(self._slices, request.due_s, request.key).ttft.add(now_s - request.due_s + HTTP_S)

    def _on_done(self, request: Request, now_s: float) -> None:
        tally_at(self._slices, request.due_s, request.key).ok += 1
        self.pools.settle(now_s)
        talk = request.conversation
        if talk is None or talk.turns_left <= 0:
            return
        talk.turns_left -= 1
        talk.turn += 1
        talk.prompt_tokens += request.output_tokens + QUESTION_TOKENS
        think_s = self._random.uniform(*self._env.workloads.chat.think_s)
        self.at(now_s + think_s, partial(self._follow_up, talk))
