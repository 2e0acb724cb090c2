"""The path of a request through the workers, as Dynamo's frontend sends it.

Routing prefers the worker that has least to compute before the first token: what waits there and
what of the prompt it does not hold. Work that waits on a worker stays there.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import partial

from gtc_runtime.load.records import Key
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving import link
from gtc_runtime.planning.serving.aggregated import AggregatedWorker
from gtc_runtime.planning.serving.batch import Listener
from gtc_runtime.planning.serving.decode import DecodeWorker
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.free_blocks import Run, anywhere, pieces
from gtc_runtime.planning.serving.pools import Pool, Pools
from gtc_runtime.planning.serving.prefill import PrefillWorker
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.topology import Topology
from gtc_spec.pools import Mode


class Cluster:
    """Frontend, router, pools and links.

    Args:
        hardware: GPUs and network.
        topology: Workers that are ready from the beginning.
        events: The clock.
        listener: Told of tokens.
        draws: Draws one among equal workers, as Dynamo does. Default: that goes first which was
            taken longest ago, so that fewer runs are needed to know what is usual.

    Attributes:
        waiting: Requests that were sent and wait for their first token.
        in_flight: Requests that were sent and have not ended.
    """

    def __init__(
        self,
        hardware: Hardware,
        topology: Topology,
        events: Events,
        listener: Listener,
        draws: random.Random | None = None,
    ) -> None:
        self._hardware, self._events, self._listener = hardware, events, listener
        self.waiting = self.in_flight = 0
        self._random = random.Random(1)
        self._draws, self._turns = draws, 0
        new = hardware, events
        self._prefill = Pool(
            lambda meter: PrefillWorker(*new, meter, self._prefilled), topology.prefill
        )
        self._decode = Pool(lambda meter: DecodeWorker(*new, meter, self), topology.decode)
        self._aggregated = Pool(
            lambda meter: AggregatedWorker(*new, meter, self), topology.aggregated
        )
        self._all: dict[Mode, Pool[PrefillWorker | DecodeWorker | AggregatedWorker]] = {
            "prefill": self._prefill,
            "decode": self._decode,
            "aggregated": self._aggregated,
        }
        self._pools = Pools(self._all, hardware.slots, hardware.worker_start_s, events)

    # -- pools ----------------------------------------------------------------------------------

    @property
    def desired(self) -> Mapping[Mode, int]:
        """Workers that each pool is to have."""
        return {mode: pool.desired for mode, pool in self._all.items()}

    @property
    def ready(self) -> Mapping[Mode, int]:
        """Workers of each pool that take requests."""
        return {mode: len(pool.ready) for mode, pool in self._all.items()}

    @property
    def drained(self) -> bool:
        """Whether no worker has anything left to do."""
        return all(worker.idle for pool in self._all.values() for worker in pool.ready)

    def order(self, desired: Mapping[Mode, int]) -> None:
        """Make pools this large: shrink, then start what the free GPUs allow."""
        self._pools.order(desired)

    def gpu_seconds(self) -> Mapping[Mode, tuple[float, float]]:
        """GPU seconds of computing and of being there, by pool, since the beginning."""
        now_s = self._events.now_s
        return {mode: (pool.meter.busy_s, pool.gpu_s(now_s)) for mode, pool in self._all.items()}

    # -- the path of a request ------------------------------------------------------------------

    def send(self, request: Request) -> None:
        """A request is sent now."""
        self.waiting += 1
        self.in_flight += 1
        host_s = self._hardware.host_s + self._hardware.host_us_per_token * (
            request.prompt_tokens / 1e6
        )
        self._events.at(self._events.now_s + host_s, partial(self._route, request))

    def _route(self, request: Request) -> None:
        workers: list[PrefillWorker | AggregatedWorker]
        workers = [*self._prefill.ready, *self._aggregated.ready]
        least = min(workers, key=lambda worker: (worker.cost(request), self._rank(worker)))
        least.turn = self._next_turn()
        least.add(request)

    def _prefilled(self, sender: PrefillWorker, request: Request) -> None:
        self._events.at(
            self._events.now_s + self._hardware.handover_s,
            partial(self._hand_over, sender, request),
        )
        self._pools.settle()

    def _hand_over(self, sender: PrefillWorker, request: Request) -> None:
        request.handed_s = self._events.now_s
        receiver = min(self._decode.ready, key=lambda worker: (worker.cost, self._rank(worker)))
        receiver.turn = self._next_turn()
        receiver.expect(request)
        hardware, tokens = self._hardware, request.prompt_tokens
        if hardware.ships_missing_only:
            tokens -= receiver.held(request)
        read, scattered = self._take(sender, receiver, request, tokens)
        request.descriptors = link.descriptors(hardware, tokens, scattered)
        copy_s = link.copy_s(hardware, tokens, scattered)
        posted = partial(self._posted, sender, receiver, request, copy_s, read)
        seconds = link.post_s(hardware, tokens, scattered)
        if hardware.posting_stalls:
            receiver.post(seconds, posted)
        else:
            self._events.at(self._events.now_s + seconds, posted)

    def _take(
        self, sender: PrefillWorker, receiver: DecodeWorker, request: Request, tokens: int
    ) -> tuple[list[Run], float]:
        """Blocks at both ends: the sender's, and the share (0..1) that lies in no row."""
        size = self._hardware.block_tokens
        blocks = -(-tokens // size)
        if not self._hardware.descriptor_us or blocks < 1:
            return [], 0.0
        read = sender.free_blocks.take(-(-request.new_tokens // size))
        written = receiver.free_blocks.take(blocks)
        answer = receiver.free_blocks.take(-(-request.output_tokens // size))
        request.lent = lambda: receiver.free_blocks.give_back([*written, *anywhere(answer)])
        scattered = (pieces(blocks, read, written) - 1) / (blocks - 1) if blocks > 1 else 0.0
        return read, scattered

    def _posted(
        self,
        sender: PrefillWorker,
        receiver: DecodeWorker,
        request: Request,
        copy_s: float,
        read: list[Run],
    ) -> None:
        shared, now_s = self._hardware.link_contention, self._events.now_s
        arrives_s = link.arrives_s(shared, now_s, copy_s, sender, receiver)
        self._events.at(arrives_s, partial(self._arrived, sender, receiver, request, read))

    def _arrived(
        self, sender: PrefillWorker, receiver: DecodeWorker, request: Request, read: list[Run]
    ) -> None:
        sender.free_blocks.give_back(read)
        receiver.add(request)

    def _rank(self, worker: PrefillWorker | DecodeWorker | AggregatedWorker) -> float:
        """Among equals the lowest is taken."""
        return worker.turn if self._draws is None else self._draws.random()

    def _next_turn(self) -> int:
        self._turns += 1
        return self._turns

    # -- what workers report --------------------------------------------------------------------

    def on_tokens(self, end_s: float, step_s: float, streams: dict[Key, int], steps: int) -> None:
        """Tokens of some steps; those of one step leave one after the other, in any order."""
        spread_s = sum(streams.values()) * self._hardware.stream_us / 1e6
        strays_s = spread_s * (self._random.random() - self._random.random())
        self._listener.on_tokens(end_s, max(0.0, step_s + strays_s), streams, steps)

    def on_first(self, request: Request) -> None:
        """The first token of a request."""
        self.waiting -= 1
        self._listener.on_first(request)

    def on_done(self, request: Request) -> None:
        """The end of a request."""
        self.in_flight -= 1
        if request.lent is not None:
            request.lent()
        self._listener.on_done(request)
        self._pools.settle()
