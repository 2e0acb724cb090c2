"""Requests of the three workloads as the load engine sends them: live schedule, live mix, chats.

Lengths are drawn from the shapes of the environment. It must not know workers or phases.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from gtc_runtime.load.demand.arrivals import Arrivals, Pacing
from gtc_runtime.load.demand.mix import MixSequence
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.requests import Conversation, Request
from gtc_spec.workloads import FACTS, ChatShape, Workload, WorkloadMix, Workloads

QUESTION_TOKENS = 40
"""Tokens that a follow-up question adds."""


class Demand:
    """One load of a simulation.

    Args:
        workloads: Shapes.
        seed: Equal seeds give equal loads.
        events: The clock.
        send: Called with each request when it is due.
    """

    def __init__(
        self, workloads: Workloads, seed: int, events: Events, send: Callable[[Request], None]
    ) -> None:
        self._workloads, self._events, self._send = workloads, events, send
        self._random = random.Random(seed)
        self._arrivals = Arrivals(seed, events.now_s)
        self._mix: MixSequence | None = None
        self._turns_owed = 0

    def set(self, rps: float, mix: WorkloadMix | None, pacing: Pacing) -> None:
        """Rate, mix and spread from now on; without a mix the last one stays."""
        if mix is not None:
            self._mix = self._mix or MixSequence(mix)
            self._mix.change(mix)
        self._arrivals.set_rate(rps, pacing, self._events.now_s)
        self._schedule()

    def done(self, request: Request) -> None:
        """A request has ended; a chat thinks, and asks its next question."""
        talk = request.conversation
        if talk is None or talk.turns_left <= 0:
            return
        talk.turns_left -= 1
        talk.turn += 1
        talk.prompt_tokens += request.output_tokens + QUESTION_TOKENS
        think_s = self._random.uniform(*self._workloads.chat.think_s)
        self._events.at(self._events.now_s + think_s, partial(self._follow_up, talk))

    def _schedule(self) -> None:
        due_s = self._arrivals.next_due_s
        if due_s is not None:
            self._events.at(max(due_s, self._events.now_s), partial(self._arrive, due_s))

    def _arrive(self, due_s: float) -> None:
        if self._arrivals.next_due_s != due_s or self._mix is None:
            return  # the rate changed since; another arrival stands in for this one
        self._arrivals.pop()
        self._schedule()
        workload = self._mix.next()
        if workload == "chat" and self._turns_owed > 0:
            self._turns_owed -= 1  # a follow-up question has used this slot
            return
        self._send(self._draw(workload))

    def _draw(self, workload: Workload) -> Request:
        shape, between = self._workloads.of(workload), self._random.randint
        if isinstance(shape, ChatShape):
            return self._turn(
                Conversation(between(*shape.turns) - 1, between(*shape.context_tokens))
            )
        prompt_tokens, output_tokens = between(*shape.prompt_tokens), between(*shape.output_tokens)
        return Request(FACTS[workload].key(1), self._events.now_s, prompt_tokens, output_tokens)

    def _turn(self, talk: Conversation) -> Request:
        reply = self._random.randint(*self._workloads.chat.reply_tokens)
        key = FACTS["chat"].key(talk.turn)
        return Request(key, self._events.now_s, talk.prompt_tokens, reply, talk)

    def _follow_up(self, talk: Conversation) -> None:
        if self._mix is None or not self._mix.mix["chat"]:
            return  # conversations end when chat has no share
        self._turns_owed += 1
        self._send(self._turn(talk))
