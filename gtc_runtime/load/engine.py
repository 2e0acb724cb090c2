"""The open-loop load engine: what is due is sent, however the server is doing.

One schedule gives due times at the offered rate; the mix says which workload each slot belongs to.
A request that cannot be sent because too many are in flight, or because the engine was too late, is
shed and counted. The engine knows a `Transport`, not sockets.
"""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from collections.abc import Callable

from gtc_runtime.load.caps import capped
from gtc_runtime.load.conversations import Conversations
from gtc_runtime.load.exchange import Exchange
from gtc_runtime.load.followups import FollowUps
from gtc_runtime.load.library import Library
from gtc_runtime.load.prepared import Prepared
from gtc_runtime.load.prompt import Prompt, RequestWriter, TokenRatio
from gtc_runtime.load.protocol import Transport
from gtc_runtime.load.quality import QualityMeter
from gtc_runtime.load.recorder import SliceRecorder
from gtc_runtime.load.records import FAILURES, Outcome, RequestRecord
from gtc_runtime.load.schedule import Change, Schedule
from gtc_runtime.load.settings import LoadSettings, Pacing
from gtc_runtime.load.snapshot import Gauges, Snapshot
from gtc_runtime.load.timer import Timer, timer_for
from gtc_runtime.load.workloads.chat import Chat, Conversation
from gtc_runtime.load.workloads.reasoning import Reasoning
from gtc_runtime.load.workloads.summarization import Summarization
from gtc_spec.errors import UsageError
from gtc_spec.phases import WorkloadMix
from gtc_spec.serving import Workload

LATE_MAX_S = 1.0
"""A slot that is taken up later than this is shed: no burst after the machine stood still."""
SWEEP_S = 0.25
"""How often open requests are held against their limits."""
SPARE_MIN = 2
SPARE_S = 0.05
SPARE_MAX = 64
"""Connections to hold ready: enough for what is due within 50 ms, which is longer than it takes to
open one to a server that is not on the other side of an ocean."""

_SHARD_SEEDS = 1000
"""Distance between the seeds of two shards."""


class Engine:
    """Sends load and counts what comes back. Lives in one event loop.

    Args:
        settings: What to send, to whom and within which limits.
        transport: How requests travel; see `transports.transport_for`.
        followups: Asks the next question of a conversation.
        clock: Monotonic seconds.
        on_record: Called with every request that has ended.
    """

    def __init__(
        self,
        settings: LoadSettings,
        transport: Transport,
        followups: FollowUps,
        clock: Callable[[], float] = time.monotonic,
        on_record: Callable[[RequestRecord], None] | None = None,
    ) -> None:
        self._settings = settings
        self._limits = settings.limits
        self._transport = transport
        self._clock = clock
        self._on_record = on_record
        self._recorder = SliceRecorder(settings.slo)
        self._meter = QualityMeter(transport.stamp_source, clock(), transport.stamp_reason)
        self._writer = RequestWriter(
            settings.url, settings.model, settings.dialect, settings.api_key
        )
        self._ratio = TokenRatio(settings.limits.tokens_per_word)
        self._schedule = Schedule(
            settings.seed, clock(), settings.shard, settings.shards, self._changed
        )
        self._rps = 0.0
        self._build_workloads(followups)
        self._open: set[Exchange] = set()
        self._turns = 0
        self._prompt_tokens = 0
        self._last_output_s = 0.0
        self._last_failure = ""
        self._timer: Timer | None = None
        self._sweeper: asyncio.Task[None] | None = None

    def _build_workloads(self, followups: FollowUps) -> None:
        # Shards share the schedule but no text: a prefix that two of them send would be cached.
        seed = self._settings.seed + _SHARD_SEEDS * self._settings.shard
        limits = self._limits
        shapes = capped(self._settings.shapes, limits)
        library = Library.open(self._settings.corpus, seed)
        self._chat = Chat(shapes.chat, library, self._ratio, seed + 1)
        self._summarization = Summarization(shapes.summarization, library, self._ratio, seed + 2)
        self._reasoning = Reasoning(shapes.reasoning, library, self._ratio, seed + 3)
        self._prepared: dict[Workload, Prepared] = {
            "summarization": Prepared(self._summarization.next, self._writer),
            "reasoning": Prepared(self._reasoning.next, self._writer),
        }
        self._conversations = Conversations(
            self._chat,
            followups,
            self._ratio,
            limits.prompt_tokens_max,
            self._send_turn,
            self._clock,
        )

    def start(self) -> None:
        """Begin to look at the schedule and at time limits; needs a running loop."""
        self._transport.start(self._meter)
        self._timer = timer_for(self._tick)
        self._sweeper = asyncio.create_task(self._sweep(), name="load-sweep")

    def configure(
        self, rps: float, mix: WorkloadMix, pacing: Pacing, at_s: float | None = None
    ) -> None:
        """Change rate, mix and spread. The rate is clamped to the limits.

        Args:
            rps: Requests per second over all workloads and all shards.
            mix: Shares of the workloads.
            pacing: How requests are spread in time.
            at_s: From when, seconds of CLOCK_MONOTONIC. Shards that are told the same moment before
                it comes keep one schedule. None, or a moment long past, is now, and overrules the
                changes that wait for their time.

        Raises:
            UsageError: The rate is not a finite number.
        """
        if not math.isfinite(rps):
            raise UsageError(f"rate {rps} is not a number of requests per second")
        self._take_due()
        now_s = self._clock()
        if at_s is None or at_s < now_s - LATE_MAX_S:
            self._schedule.forget_changes()
            at_s = now_s
        rps = min(max(0.0, rps), self._limits.rps_max)
        self._schedule.change(Change(at_s, rps, mix, pacing))
        self._transport.reserve(self._spare(rps), self._settings.in_flight_max)
        self._take_due()
        self._arm()

    def _spare(self, rps: float) -> int:
        """How many idle connections a rate wants."""
        ahead = math.ceil(rps / self._settings.shards * SPARE_S)
        return min(SPARE_MAX, SPARE_MIN + ahead) if rps > 0 else 0

    def _changed(self, change: Change) -> None:
        """Another rate and mix are in force."""
        self._rps = change.rps
        self._conversations.welcome(change.rps > 0 and change.mix.chat > 0)

    def cancel(self) -> None:
        """End every open request, counted as cancelled, and forget all conversations."""
        self._conversations.forget()
        for exchange in list(self._open):
            self._give_up(exchange, Outcome.CANCELLED, "cancelled by the operator")

    async def stop(self) -> None:
        """Cancel everything and close all connections."""
        if self._timer is not None:
            self._timer.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        self.cancel()
        await self._conversations.close()
        await self._transport.close()

    def snapshot(self) -> Snapshot:
        """What is new since the last snapshot, and the state now."""
        now_s = self._clock()
        streaming = sum(1 for each in self._open if each.record.first_s is not None)
        waiting = sum(1 for each in self._open if each.record.send_s is not None) - streaming
        gauges = Gauges(
            in_flight=len(self._open),
            waiting=waiting,
            streaming=streaming,
            conversations=self._conversations.open,
            turns=self._turns,
            prompt_tokens=self._prompt_tokens,
            last_output_s=self._last_output_s,
            offered_rps=self._rps / self._settings.shards,
            tokens_per_word=round(self._ratio.tokens_per_word, 4),
            last_failure=self._last_failure,
            followups_notice=self._conversations.followups_notice,
        )
        return Snapshot(now_s, self._recorder.take(), gauges, self._meter.judge(now_s))

    def _arm(self) -> None:
        """Set the timer to the next moment at which something happens."""
        if self._timer is not None:
            self._timer.set(self._schedule.wake_s)

    def _tick(self) -> None:
        self._take_due()
        self._arm()

    def _take_due(self) -> None:
        while (slot := self._schedule.next(self._clock())) is not None:
            self._offer_slot(slot.workload, slot.due_s)

    def _offer_slot(self, workload: Workload, due_s: float) -> None:
        if workload == "chat":
            self._conversations.slot(due_s)
        else:
            prepared = self._prepared[workload]
            self._offer(workload, due_s, prepared.take)
            asyncio.get_running_loop().call_soon(prepared.prepare)

    def _send_turn(self, conversation: Conversation, due_s: float) -> None:
        self._turns += 1
        turn = Prepared(lambda: self._chat.prompt(conversation), self._writer)
        self._offer("chat", due_s, turn.take, conversation)

    def _offer(
        self,
        workload: Workload,
        due_s: float,
        take: Callable[[], tuple[Prompt, bytes]],
        conversation: Conversation | None = None,
    ) -> None:
        """A request is due: send it or shed it."""
        record = RequestRecord(workload, conversation.turn if conversation else 1, due_s)
        if self._settings.keep_arrivals:
            record.arrivals_s, record.arrivals_tokens = array("d"), array("l")
        self._recorder.due(record)
        late_s = self._clock() - due_s
        self._meter.schedule_error(late_s)
        if late_s > LATE_MAX_S or len(self._open) >= self._settings.in_flight_max:
            self._shed(record, conversation)
            return
        prompt, request = take()
        record.prompt_tokens = prompt.prompt_tokens
        record.max_tokens = prompt.max_tokens
        self._prompt_tokens += record.prompt_tokens
        exchange = Exchange(
            record,
            request,
            self._recorder,
            self._meter,
            lambda ended: self._ended(ended, prompt, conversation),
            keep_text=conversation is not None,
            done_suffices=not self._settings.dialect.finish_reasons,
        )
        self._open.add(exchange)
        self._transport.send(exchange)

    def _shed(self, record: RequestRecord, conversation: Conversation | None) -> None:
        record.outcome = Outcome.SHED
        self._recorder.ended(record)
        if conversation is not None:
            self._conversations.failed(conversation)
        if self._on_record is not None:
            self._on_record(record)

    def _ended(self, exchange: Exchange, prompt: Prompt, conversation: Conversation | None) -> None:
        self._open.discard(exchange)
        record, events = exchange.record, exchange.response.events
        self._prompt_tokens += record.prompt_tokens - prompt.prompt_tokens
        if record.outcome in FAILURES and record.outcome is not Outcome.CANCELLED:
            self._last_failure = f"{record.outcome}: {record.detail}"
        if events.usage():
            self._ratio.learn(prompt.words, record.prompt_tokens)
        if record.outcome is Outcome.OK and record.last_s is not None:
            self._last_output_s = max(self._last_output_s, record.last_s)
        if conversation is not None:
            text = events.text() if record.outcome is Outcome.OK else ""
            if text:
                conversation.answered(text, record.prompt_tokens, record.tokens)
                self._conversations.answered(conversation)
            else:  # servers refuse a conversation with an empty message in it
                self._conversations.failed(conversation)
        if self._on_record is not None:
            self._on_record(record)

    def _give_up(self, exchange: Exchange, outcome: Outcome, detail: str) -> None:
        exchange.give_up(outcome, detail)
        self._transport.abandon(exchange)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = self._clock()
            for exchange in list(self._open):
                if (verdict := exchange.too_slow(now_s, self._settings.timeouts)) is not None:
                    self._give_up(exchange, *verdict)
