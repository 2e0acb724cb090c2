"""One simulated world: a cluster, its API, the product's processes, and a checker over it all.

Whoever plays with it (chance, a sweep of kills, a rule machine) starts and kills processes, gives
commands and lets time pass. Everything follows from the seed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from gtc_runtime.cluster import poller
from gtc_runtime.cluster.poller import POLL_INTERVAL_S
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.kinds import DGDSA
from tests.chaos.simulated import processes
from tests.chaos.simulated.checker import Checker
from tests.chaos.simulated.cluster import KINDS, Cluster
from tests.chaos.simulated.faults import Faults
from tests.chaos.simulated.history import History
from tests.chaos.simulated.host import Host, answering
from tests.chaos.simulated.loop import PROCESS, Numbered, Process, VirtualLoop
from tests.chaos.simulated.pauses import Pauses
from tests.chaos.simulated.processes import Panel
from tests.chaos.simulated.server import Json, Reply, Server
from tests.chaos.simulated.wire import Network


class World:
    """The world.

    Attributes:
        hits: How often each (call site, fault) came to be.
        meddled: Whether somebody else ordered workers last; the show orders at its next phase.
        killed_s: When the newest kill at a step happened.
        modes_s: How long the panel that holds the Lease was in each mode.
        story: What was asked, written, answered and killed.
        kills: How often a panel was killed at each (mode, lines where it waited).
    """

    def __init__(self, env: Environment, seed: int) -> None:
        self.env, self.seed = env, seed
        self.chance = random.Random(seed)
        self.loop = VirtualLoop()
        self.host = Host(self.loop)
        self.hits: Counter[tuple[str, str]] = Counter()
        self.kills: Counter[tuple[str, ...]] = Counter()
        self.faults = Faults(self.chance, self.hits)
        self.server = Server(KINDS, self._wrote)
        self.cluster = Cluster(self.server, self.loop, env, self.chance)
        self.checker = Checker(env, self.cluster, Pauses(self.server), self.loop.time)
        self.network = Network(
            self.loop, self.server, self.faults, self.chance, self._sent, self._arrived
        )
        self.panels: list[Panel] = []
        self.guardian: Process | None = None
        self.sent: Counter[Process] = Counter()
        self._tasks: list[tuple[Process, Numbered]] = []
        self._writer: Process | None = None
        self.story = History()
        self._started = 0
        self.killed_s = 0.0
        self.meddled = False
        self.modes_s: Counter[str] = Counter()
        self._outage: tuple[float, Counter[Process]] | None = None

    @property
    def now_s(self) -> float:
        """The true monotonic time."""
        return self.loop.now_s

    @property
    def history(self) -> str:
        """Digest of everything that was asked, written, answered and killed so far."""
        return self.story.digest

    @property
    def violations(self) -> list[str]:
        """What did not hold."""
        return self.checker.violations

    def begin(self) -> None:
        """A fresh deployment, before any process of ours runs."""
        self.cluster.seed()
        self.loop.call_later(1.0, self._look)

    def run(self, for_s: float) -> None:
        """Let time pass."""
        self.loop.run_until(self.loop.now_s + for_s)

    def until(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Let time pass until something is so; False when it was not in time."""
        give_up = self.now_s + within_s
        while not holds():
            if self.now_s >= give_up:
                return False
            self.run(min(0.5, give_up - self.now_s))
        return True

    # -- processes ---------------------------------------------------------------------------------

    def start_panel(self, host: str = "a") -> Panel:
        """A panel begins."""
        panel = Panel(self.env, self.network, self.loop, self._process("panel", host))
        self.panels.append(panel)
        self._note("start", panel.process.name)
        return panel

    def start_guardian(self) -> None:
        """The guardian begins, if it does not run."""
        if self.guardian is None or not self.guardian.alive:
            self.guardian = self._process("guardian", "g")
            self._tasks.append(
                (self.guardian, processes.guardian(self.network, self.loop, self.guardian))
            )

    def kill(self, process: Process) -> None:
        """SIGKILL."""
        self.loop.kill(process)
        self._note("kill", process.name)
        self.panels = [panel for panel in self.panels if panel.process.alive]

    def kill_at_step(self, panel: Panel, steps: int) -> None:
        """SIGKILL before its so-manieth step from now on."""

        def killed(place: tuple[str, ...]) -> None:
            self.kills[panel.conductor.mode, *place] += 1
            self.killed_s = self.now_s
            self._note("killed", panel.process.name, place)
            self.panels = [each for each in self.panels if each.process.alive]

        panel.process.on_kill = killed
        panel.process.kill_at = panel.process.steps + steps

    def command(self, panel: Panel, name: str, **options: Any) -> Numbered:
        """A presenter's command; a refusal in words is an outcome like any other."""
        self._note("command", panel.process.name, name)
        task = panel.command(name, **options)
        self._tasks.append((panel.process, task))
        return task

    def safe(self) -> None:
        """Somebody calls ``gtc safe``."""
        process = self._process("safe", "s")
        self._tasks.append((process, processes.safe(self.env, self.network, self.loop, process)))

    def prescale(self, for_s: float) -> None:
        """Somebody calls ``gtc prescale``."""
        process = self._process("prescale", "s")
        until = self.host.wall() + timedelta(seconds=for_s)
        self._tasks.append(
            (process, processes.prescaled(self.env, self.network, self.loop, process, until))
        )

    def _process(self, role: str, host: str) -> Process:
        self._started += 1
        return Process(f"{role}-{host}-{self._started}", host)

    # -- the API -----------------------------------------------------------------------------------

    def api_down(self, how: Any) -> None:
        """The API stops answering."""
        self.faults.down = how
        self._outage = (self.now_s, Counter(self.sent))

    def api_up(self) -> dict[str, float]:
        """The API is back: requests a second of each panel and guardian that lived through it."""
        self.faults.down = None
        if self._outage is None:
            return {}
        since_s, before = self._outage
        self._outage = None
        lasted_s = self.now_s - since_s
        return {
            process.name: (self.sent[process] - count) / lasted_s
            for process, count in before.items()
            if process.alive and count
        }

    # -- what is noted -----------------------------------------------------------------------------

    def _sent(self, process: Process, method: str, path: str) -> None:
        self.sent[process] += 1
        self.story.record(f"{self.now_s:.6f} {process.name} asks {method} {path}")

    def _arrived(
        self, process: Process, method: str, path: str, work: Callable[[], Reply]
    ) -> Reply:
        if method == "GET":
            return work()
        self._writer = process
        try:
            reply = work()
        finally:
            self._writer = None
        self._note(process.name, method, path, reply.status_code)
        return reply

    def _wrote(self, plural: str, name: str, before: Json | None, after: Json | None) -> None:
        self.cluster.wrote(plural, name, before, after)
        if plural == DGDSA.plural:
            self.meddled = self._writer is None
        self.checker.wrote(self._writer, plural, name, before, after)

    def _note(self, *what: object) -> None:
        self.story.note(f"{self.now_s:.3f} {' '.join(map(str, what))}")

    def _look(self) -> None:
        self.loop.call_later(1.0, self._look)
        self.panels = [panel for panel in self.panels if self._lives(panel)]
        living = [panel.process for panel in self.panels]
        if self.guardian is not None and self.guardian.alive:
            living.append(self.guardian)
        able = self.faults.down is None and not self.faults.denied
        able = able and any(process.frozen_s <= self.now_s for process in living)
        slack_s = max((abs(process.wall_skew_s + process.skew_s) for process in living), default=0)
        self.checker.look(self.panels, able=able, wall=self.host.wall(), slack_s=slack_s)
        self._reap()
        held = (panel.conductor.mode for panel in self.panels if panel.writer.lease.held)
        self.modes_s[next(held, "nobody")] += 1

    def _lives(self, panel: Panel) -> bool:
        if panel.ending_s is not None and panel.task.done():
            self._note("ended", panel.process.name)
            self.loop.kill(panel.process)
        return panel.process.alive

    def _reap(self) -> None:
        """Ends of commands and verbs; anything but a sentence for a person is a violation."""
        still = []
        for process, task in self._tasks:
            if not task.done():
                if process.alive:
                    still.append((process, task))
                continue
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, GtcError):
                self.checker.violated(f"{process.name}: {error!r}")
            if process.name.split("-")[0] in ("safe", "prescale"):
                self.loop.kill(process)
        self._tasks = still
        unseen, self.loop.unseen = self.loop.unseen, []
        for process, text in unseen:
            if process is None or process.alive:
                self.checker.violated(f"{process.name if process else 'the world'}: {text}")


@contextmanager
def world(env: Environment, seed: int, poll_s: float = POLL_INTERVAL_S) -> Iterator[World]:
    """A world with a fresh deployment in it; it leaves nothing behind.

    Args:
        env: What is deployed.
        seed: Decides everything.
        poll_s: Between two polls of the cluster, which cost most of the time of a simulation.
    """
    made = World(env, seed)
    token = PROCESS.set(None)
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with answering(made.host, seed), patch.object(poller, "POLL_INTERVAL_S", poll_s):
            made.begin()
            yield made
    finally:
        PROCESS.reset(token)
        _throw_away(made)
        logging.disable(level)


def _throw_away(made: World) -> None:
    """Close the coroutines of processes that never ended, whatever they say to it."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    made.loop.call_exception_handler = lambda _: None  # type: ignore[method-assign]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for task in asyncio.all_tasks(made.loop):
            for _ in range(20):  # a finally block that waits has to be told again
                try:
                    task.get_coro().close()
                except Exception:
                    continue
                break
        made.panels.clear()
        gc.collect()
    sys.unraisablehook = hook
