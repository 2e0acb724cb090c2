"""One decode worker: continuous batching, and transfers that it posts between two steps.

Many equal steps are advanced at once and interrupted at the end of one when somebody comes, which
makes a quarter of an hour take a second of Python.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.batch import Batch, Listener
from gtc_runtime.planning.serving.blocks import PrefixCache
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.free_blocks import FreeBlocks
from gtc_runtime.planning.serving.meter import Meter
from gtc_runtime.planning.serving.requests import Request

MAX_STEPS = 16
"""Steps that share one duration; in 16 steps the KV cache grows by under 1 % of a step time."""


class Stretch:
    """Equal steps of one engine from one boundary to the next, which may be brought forward.

    Args:
        events: The clock.
        boundary: Called when they end, with the steps that have passed and the seconds of each.
    """

    __slots__ = ("_began_s", "_boundary", "_events", "_step_s", "_steps", "_version")

    def __init__(self, events: Events, boundary: Callable[[int, float], None]) -> None:
        self._events, self._boundary = events, boundary
        self._began_s = self._step_s = 0.0
        self._steps = self._version = 0

    @property
    def running(self) -> bool:
        """Whether a step is on."""
        return self._steps > 0

    def begin(self, steps: int, step_s: float) -> None:
        """Steps begin now."""
        self._began_s, self._steps, self._step_s = self._events.now_s, steps, step_s
        self._book()

    def cut(self) -> None:
        """End with the step that is on, or at once when none is."""
        if not self._steps:
            self._boundary(0, 0.0)
            return
        done = int((self._events.now_s - self._began_s) / self._step_s) + 1
        if done < self._steps:
            self._steps = done
            self._book()

    def _book(self) -> None:
        self._version += 1
        version = self._version
        ends_s = self._began_s + self._steps * self._step_s
        self._events.at(ends_s, lambda: self._ended(version))

    def _ended(self, version: int) -> None:
        if version == self._version:
            steps, self._steps = self._steps, 0
            self._boundary(steps, self._step_s)


class DecodeWorker:
    """A decode engine.

    Args:
        hardware: What it runs on.
        events: The clock.
        meter: Where its computing is noted.
        listener: Told of tokens.

    Attributes:
        link_free_s: When its end of the link is free.
        free_blocks: Its pool.
        turn: When the router took it last, counted in its choices.
    """

    def __init__(
        self, hardware: Hardware, events: Events, meter: Meter, listener: Listener
    ) -> None:
        self._events, self._meter = events, meter
        self._batch = Batch(hardware, listener)
        self._ahead = hardware.schedules_ahead
        self._coming_in: list[Request] = []
        self._waiting: deque[Request] = deque()  # requests of one simulation
        self._asked: list[tuple[float, Callable[[], None]]] = []
        self._posts: list[tuple[float, Callable[[], None]]] = []
        self._stretch = Stretch(events, self._boundary)
        self._held = PrefixCache(hardware.pool_tokens, hardware.block_tokens)
        pool = hardware.pool_tokens // hardware.block_tokens
        self.free_blocks = FreeBlocks(pool, fresh=hardware.fresh_pool)
        self.link_free_s = 0.0
        self.turn = 0
        self._coming = 0
        self._coming_tokens = 0

    @property
    def cost(self) -> int:
        """KV tokens that it holds or will hold; what the router compares."""
        return self._batch.reserved_tokens + self._coming_tokens

    @property
    def idle(self) -> bool:
        """Nothing runs, waits or is on its way."""
        return not self._coming and not self._batch

    def expect(self, request: Request) -> None:
        """A request will come here; its KV cache is on its way."""
        self._coming += 1
        self._coming_tokens += request.prompt_tokens

    def held(self, request: Request) -> int:
        """Tokens of its prompt that are here already."""
        return self._held.tokens_of(request.owner) if request.conversation else 0

    def post(self, seconds: float, posted: Callable[[], None]) -> None:
        """Post a transfer between two steps, which the next one waits for; then call back."""
        self._asked.append((seconds, posted))
        self._stretch.cut()

    def add(self, request: Request) -> None:
        """Take a request whose KV cache has arrived."""
        request.arrived_s = self._events.now_s
        self._held.put(request.owner, request.prompt_tokens)
        self._coming_in.append(request)
        self._stretch.cut()

    def _boundary(self, steps: int, step_s: float) -> None:
        now_s, batch = self._events.now_s, self._batch
        if steps:
            self._meter.busy_s += steps * step_s
            batch.advance(now_s, step_s, steps)
        seen = self._ahead and bool(batch)  # the step that begins now was filled before
        if not seen:
            self._notice()
        while self._waiting and batch.admits(self._waiting[0]):
            request = self._waiting.popleft()
            self._coming -= 1
            self._coming_tokens -= request.prompt_tokens
            batch.reserve(request)
            request.admitted_s = now_s
            batch.join(request, left=request.output_tokens, fresh=True)
        stall_s = self._post_all(now_s) if self._posts else 0.0
        if not batch:
            return
        once = batch.has_fresh or stall_s > 0 or bool(self._coming_in or self._asked)
        if seen:
            self._notice()
        steps = 1 if once else min(MAX_STEPS, batch.until_leave)
        step_s = batch.step_s + stall_s
        self._stretch.begin(steps, step_s)

    def _notice(self) -> None:
        """Who has come takes part from the next boundary on."""
        self._waiting += self._coming_in
        self._posts += self._asked
        self._coming_in, self._asked = [], []

    def _post_all(self, now_s: float) -> float:
        stall_s = 0.0
        posts, self._posts = self._posts, []
        for seconds, posted in posts:
            stall_s += seconds
            self._events.at(now_s + stall_s, posted)
        return stall_s
