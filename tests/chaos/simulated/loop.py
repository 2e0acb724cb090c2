"""An event loop whose time is a number, and simulated processes that can be killed and frozen.

Nothing waits: when nothing is ready, time jumps to the next timer. Every callback belongs to the
process whose context it was made in. A killed process runs no callback any more, no ``finally``
either, which is what SIGKILL does; a frozen one runs them all when it thaws, as after a blocked
loop or a laptop's sleep. It must not know clusters.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from pathlib import Path
from typing import Any

_ROOT = str(Path(__file__).parents[3] / "gtc_runtime")


class Process:
    """One simulated process of the operating system.

    Attributes:
        name: Unique in its world.
        host: Where it runs; a process knows the dead of its own host only.
        alive: False from its kill or its end on.
        steps: Steps of tasks and callbacks that it has run.
        kill_at: It dies before the first step of a task from this number on.
        on_step: Told where a task waited, at each step before that one.
        frozen_s: It runs nothing until then.
        skew_s: How far its monotonic clock is from that of the world.
        wall_skew_s: How far its wall clock is beside that.
    """

    def __init__(self, name: str, host: str) -> None:
        self.name, self.host = name, host
        self.alive = True
        self.steps = 0
        self.kill_at: int | None = None
        self.on_kill: Callable[[tuple[str, ...]], None] | None = None
        self.on_step: Callable[[tuple[str, ...]], None] | None = None
        self.frozen_s = 0.0
        self.skew_s = self.wall_skew_s = 0.0
        self.waiting: list[Handle] = []


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class Handle:
    """A callback to be run, once."""

    __slots__ = ("args", "callback", "context", "dropped", "when_s")

    def __init__(
        self, callback: Callable[..., object], args: Any, context: Context, when_s: float = 0.0
    ) -> None:
        self.callback, self.args, self.context = callback, args, context
        self.dropped, self.when_s = False, when_s

    def cancel(self) -> None:
        self.dropped = True

    def cancelled(self) -> bool:
        return self.dropped

    def when(self) -> float:
        return self.when_s


class Numbered(asyncio.Task):  # type: ignore[type-arg]
    """A task whose place in a set does not depend on where it lies in memory.

    A group cancels its tasks in the order of a set.
    """

    def __init__(self, work: Any, loop: VirtualLoop, **options: Any) -> None:
        loop.tasks_made += 1
        self._number = loop.tasks_made
        super().__init__(work, loop=loop, **options)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.AbstractEventLoop):
    """Runs until a time; what callbacks and tasks raise unseen is kept in ``unseen``."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.tasks_made = 0
        self.unseen: list[tuple[Process | None, str]] = []
        self._ready: deque[Handle] = deque()
        self._timers: list[tuple[float, int, Handle]] = []
        self._number = 0
        self._graves: list[object] = []

    # -- what asyncio needs ------------------------------------------------------------------------

    def time(self) -> float:
        return self.now_s

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> Any:
        return Numbered(coro, self, name=name, context=context)

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:
        handle = Handle(callback, args, context or copy_context())
        self._ready.append(handle)
        return handle

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> Any:
        return self.call_at(self.now_s + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        handle = Handle(callback, args, context or copy_context(), when)
        self._number += 1
        heapq.heappush(self._timers, (when, self._number, handle))
        return handle

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None:  # else a task of a process that has ended is thrown away
            self.unseen.append((PROCESS.get(), f"{context.get('message')}: {error!r}"))

    # -- what the world does -----------------------------------------------------------------------

    @property
    def next_s(self) -> float:
        """When the next timer is due; now without one."""
        return self._timers[0][0] if self._timers else self.now_s

    def run_until(self, until_s: float) -> None:
        """Run everything that is due until then."""
        before = events._get_running_loop()
        events._set_running_loop(self)
        try:
            while True:
                self._run_ready()
                if not self._timers or self._timers[0][0] > until_s:
                    break
                when, _, handle = heapq.heappop(self._timers)
                if not handle.dropped:
                    self.now_s = max(self.now_s, when)
                    self._ready.append(handle)
            self.now_s = max(self.now_s, until_s)
        finally:
            events._set_running_loop(before)

    def run(self, work: Coroutine[Any, Any, Any], longest_s: float) -> Any:
        """Run a coroutine of the world to its end, for so long at most."""
        task = self.spawn(None, work)
        give_up = self.now_s + longest_s
        while not task.done() and self.now_s < give_up:
            self.run_until(min(give_up, self.now_s + 0.5))
        return task.result()

    def spawn(self, process: Process | None, work: Coroutine[Any, Any, Any]) -> Numbered:
        """A task of a process."""
        context = copy_context()
        context.run(PROCESS.set, process)
        return Numbered(work, self, context=context)

    def kill(self, process: Process) -> None:
        """From now on it runs nothing, not even its own end."""
        process.alive = False
        # kept until the world ends: a coroutine that is thrown away would run its finally blocks
        self._graves.extend(asyncio.all_tasks(self))
        process.waiting.clear()

    def freeze(self, process: Process, for_s: float) -> None:
        """It runs nothing for a while, and everything after it."""
        process.frozen_s = max(process.frozen_s, self.now_s + for_s)
        context = copy_context()
        context.run(PROCESS.set, None)
        self.call_at(process.frozen_s, self._thaw, process, context=context)

    def _thaw(self, process: Process) -> None:
        if process.frozen_s <= self.now_s:
            waiting, process.waiting = process.waiting, []
            self._ready.extend(waiting)

    def _run_ready(self) -> None:
        ready = self._ready
        while ready:
            handle = ready.popleft()
            if handle.dropped:
                continue
            process = handle.context.get(PROCESS)
            if process is not None:
                if process.alive and process.kill_at is None and process.frozen_s <= self.now_s:
                    process.steps += 1
                elif not self._may_run(process, handle):
                    continue
            try:
                handle.context.run(handle.callback, *handle.args)
            except Exception as error:
                self.unseen.append((process, f"callback: {error!r}"))

    def _may_run(self, process: Process, handle: Handle) -> bool:
        if not process.alive:
            return False
        if process.frozen_s > self.now_s:
            process.waiting.append(handle)
            return False
        process.steps += 1
        task = getattr(handle.callback, "__self__", None)
        if process.kill_at is None or not isinstance(task, asyncio.Task):
            return True
        if process.steps < process.kill_at:
            if process.on_step is not None:
                process.on_step(where(task))
            return True
        process.kill_at = None
        place = where(task)
        self.kill(process)
        if process.on_kill is not None:
            process.on_kill(place)
        return False


def where(task: asyncio.Task[Any]) -> tuple[str, ...]:
    """The lines of the product at which a task waits, outermost first."""
    lines = []
    waiting: Any = task.get_coro()
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)
        if frame is not None and frame.f_code.co_filename.startswith(_ROOT):
            name = frame.f_code.co_filename[len(_ROOT) + 1 : -3]
            lines.append(f"{name}.{frame.f_code.co_name}:{frame.f_lineno}")
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
    return tuple(lines)
