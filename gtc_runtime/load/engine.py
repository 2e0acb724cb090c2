"""The load engine: what is due is sent, however the server is doing.

One schedule says what is due when, at a rate, for open streams or after a trace.
A request that cannot be sent because too many are in flight, or because the engine was too late, is
shed and counted. The engine knows a `Transport`, not sockets.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable

from gtc_runtime.load.answer.live_answer import LiveAnswer
from gtc_runtime.load.content import Content
from gtc_runtime.load.conversations.conversations import Conversations
from gtc_runtime.load.conversations.followups import FollowUps
from gtc_runtime.load.demand.forms import Demand, Rate, Replay, Streams, share_of
from gtc_runtime.load.demand.schedule import Change, Schedule
from gtc_runtime.load.demand.slots import Slot
from gtc_runtime.load.demand.spare import spare_connections
from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.figures.snapshot import Gauges, Snapshot
from gtc_runtime.load.prompts.chat import Conversation
from gtc_runtime.load.prompts.prepared import Prepared
from gtc_runtime.load.prompts.prompt import Prompt, RequestWriter, TokenRatio
from gtc_runtime.load.records import FAILURES, Outcome, RequestRecord, Source
from gtc_runtime.load.settings import LoadSettings
from gtc_runtime.load.wire.asyncio_transport import Transport
from gtc_runtime.load.wire.exchange import Exchange
from gtc_runtime.load.wire.timer import Timer, timer_for

LATE_MAX_S = 1.0
"""A slot that is taken up later than this is shed: no burst after the machine stood still."""
SINGLES_RPS_MAX = 10.0
"""Up to this rate, over all shards, single requests are reported beside the statistics."""
SWEEP_S = 0.25
"""How often open requests are held against their limits."""


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
        self._live = LiveAnswer(clock, settings.api_key) if settings.singles else None
        self._meter = QualityMeter(transport.stamp_source, clock(), transport.stamp_reason)
        self._writer = RequestWriter(
            settings.url, settings.model, settings.dialect, settings.api_key, settings.access
        )
        self._ratio = TokenRatio(settings.limits.tokens_per_word)
        self._content = Content(settings, self._ratio, self._writer)
        self._conversations = Conversations(
            self._content.talks, followups, self._ratio, settings.limits.prompt_tokens_max,
            self._send_turn, clock,
        )  # fmt: skip
        self._schedule = Schedule(
            settings.seed, clock(), settings.shard, settings.shards, self._changed,
            self._content.offsets_s,
        )  # fmt: skip
        self._rps = 0.0
        self._left: int | None = None  # requests that may still be due; None for any number
        self._open: set[Exchange] = set()
        self._turns = 0
        self._prompt_tokens = 0
        self._last_output_s = self._last_due_s = 0.0
        self._last_failure = ""
        self._timer: Timer | None = None
        self._sweeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send what is due and to watch time limits; needs a running loop."""
        self._transport.start(self._meter)
        self._timer = timer_for(self._tick)
        self._sweeper = asyncio.create_task(self._sweep(), name="load-sweep")

    def set_load(self, demand: Demand, at_s: float | None = None) -> None:
        """Send another load. A rate ends at the hard cap of the settings, whoever asked for it.

        Args:
            demand: What, over all shards.
            at_s: From when, seconds of CLOCK_MONOTONIC. Shards that get the same moment before
                it comes keep one schedule. None, or a moment long past, is now, and overrules the
                changes that wait for their time.
        """
        if isinstance(demand, Rate):
            demand = demand.model_copy(update={"rps": min(demand.rps, self._limits.rps_max)})
        self._take_due()  # what is due already belongs to the load so far
        now_s = self._clock()
        if at_s is None or at_s < now_s - LATE_MAX_S:
            # too late to keep step with other shards, and what still waits would undo this
            self._schedule.forget_changes()
            at_s = now_s
        self._schedule.change(Change(at_s, demand))
        spare = spare_connections(demand, self._settings.shards)
        self._transport.reserve(spare, self._settings.in_flight_max)
        self._take_due()  # streams begin at once
        self._arm()

    def _changed(self, change: Change) -> None:
        """Another load is in force."""
        demand, shards = change.demand, self._settings.shards
        self._rps = demand.rps if isinstance(demand, Rate) else 0.0
        self._left = demand.requests and share_of(demand.requests, self._settings.shard, shards)
        quiet = isinstance(demand, Rate) and not demand.rps
        if not quiet:  # a load that ended is seen to its end as it was seen before
            low = isinstance(demand, Rate) and demand.rps <= SINGLES_RPS_MAX
            self._recorder.keeps_singles = self._settings.singles and low
        mix = None if isinstance(demand, Replay) else demand.mix
        self._conversations.closed = isinstance(demand, Streams)
        self._conversations.welcome(not quiet and (mix is None or mix["chat"] > 0))

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
        self._schedule.stop()
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
            last_due_s=self._last_due_s,
            last_output_s=self._last_output_s,
            offered_rps=self._rps / self._settings.shards,
            tokens_per_word=round(self._ratio.tokens_per_word, 4),
            last_failure=self._last_failure,
            followups_notice=self._conversations.followups.notice,
            followups_model=self._conversations.followups.model,
        )
        return Snapshot(
            now_s, self._recorder.take(), gauges, self._meter.judge(now_s),
            self._recorder.take_singles(), self._live.view if self._live else None,
        )  # fmt: skip

    def _arm(self) -> None:
        """Set the timer to the next moment at which something happens."""
        if self._timer is not None:
            self._timer.set(self._schedule.wake_s)

    def _tick(self) -> None:
        self._take_due()
        self._arm()

    def _take_due(self) -> None:
        while (slot := self._schedule.next(self._clock())) is not None:
            self._offer_slot(slot)

    def _offer_slot(self, slot: Slot) -> None:
        if slot.workload == self._content.talking:
            self._conversations.slot(slot.due_s, slot.number)
        else:
            prepared = self._content.prepared[slot.workload]
            self._offer(slot.workload, slot.due_s, lambda: prepared.take(slot.number))
            prepared.refill(asyncio.get_running_loop().call_soon)

    def _send_turn(self, conversation: Conversation, due_s: float) -> None:
        self._turns += 1
        turn = Prepared(lambda _: self._content.talks.prompt(conversation), self._writer)
        self._offer(self._content.talking, due_s, turn.take, conversation)

    def _offer(
        self,
        workload: Source,
        due_s: float,
        take: Callable[[], tuple[Prompt, bytes]],
        conversation: Conversation | None = None,
    ) -> None:
        """A request is due: send it or shed it."""
        if self._left is not None:
            if self._left <= 0:
                self._leave(conversation)
                return
            self._left -= 1
        record = RequestRecord(workload, conversation.turn if conversation else 1, due_s)
        record.conversation = conversation.name if conversation else ""
        if self._settings.keep_arrivals:
            record.arrivals_s, record.arrivals_tokens = array("d"), array("l")
        self._recorder.due(record)
        self._last_due_s = due_s
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
            keep_text=conversation is not None and not conversation.last_turn,
            done_suffices=not self._settings.dialect.finish_reasons,
            live=self._live,
        )
        self._open.add(exchange)
        self._transport.send(exchange)

    def _shed(self, record: RequestRecord, conversation: Conversation | None) -> None:
        record.outcome = Outcome.SHED
        self._recorder.ended(record)
        self._leave(conversation)
        self._free_stream(well=False)
        if self._on_record is not None:
            self._on_record(record)

    def _leave(self, conversation: Conversation | None) -> None:
        """The present turn of a conversation did not end well."""
        if conversation is not None:
            self._conversations.failed(conversation)

    def _free_stream(self, well: bool) -> None:
        """A request is over; in a closed loop another one may be due."""
        if self._schedule.ended(self._clock(), well):
            asyncio.get_running_loop().call_soon(self._tick)

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
        text = events.text() if record.outcome is Outcome.OK else ""
        if conversation is not None and text:
            conversation.answered(text, record.prompt_tokens, record.tokens)
            self._conversations.answered(conversation)
        else:  # servers refuse a conversation with an empty message in it
            self._leave(conversation)
        self._free_stream(record.outcome is Outcome.OK)
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
