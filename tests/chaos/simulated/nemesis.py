"""What happens to a world over hours: presenters, people, deaths and outages, by chance.

One act follows another after a pause; an outage of the API is an act of its own with its own
judgement. It must not know how the product is made.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from gtc_spec import names
from gtc_spec.kinds import DGDSA, SCALED_OBJECT
from gtc_spec.pools import ROLES
from tests.chaos.simulated.processes import Panel
from tests.chaos.simulated.world import World

CONVERGED_S: Final = 15.0
OUTAGES_S: Final = (10.0, 120.0, 600.0)
KILL_STEPS: Final = 400
"""A kill falls within so many steps of a command: most await points of it."""


class Nemesis:
    """Plays with one world.

    Args:
        world: Which.

    Attributes:
        acts: How often each act was done.
        converged: Outages in mid auto mode after which all was in order in time.
        rates: Requests a second of each process in each outage, with how long it lasted.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = random.Random(f"nemesis {world.seed}")
        self.acts: Counter[str] = Counter()
        self.rates: list[tuple[float, float]] = []
        self.converged = 0
        self._gap_s = self.chance.choice((20.0, 60.0, 180.0))
        self._rate = self.chance.choice((0.0, 0.005, 0.02, 0.05))
        self._panels = self.chance.choice((1, 1, 1, 2, 3))
        self._undo: list[tuple[float, Callable[[], None]]] = []
        self._menu = [
            *[self._command] * 8, *[self._kill] * 3, *[self._kill_in_command] * 8,
            *[self._terminate] * 2, *[self._guardian] * 2, self._outage, self._freeze, self._jump,
            self._scale, self._foreign_pause, self._keda_down, self._adapter, self._scaler,
            self._deny, self._revert, self._no_place, self._queue, self._safe, self._prescale,
        ]  # fmt: skip

    def play(self, for_s: float) -> None:
        """Let it happen for so long; at the end all calms down and has to be in order."""
        world = self.world
        world.start_guardian()
        world.start_panel("a")
        world.run(20.0)
        end = world.now_s + for_s
        while world.now_s < end and not world.violations:
            world.faults.rate = self._rate
            act = self.chance.choice(self._menu)
            self.acts[act.__name__.strip("_")] += 1
            act()
            self._let_pass(self.chance.expovariate(1.0 / self._gap_s))
        if not world.violations:
            self._calm()

    def _let_pass(self, for_s: float) -> None:
        """Time passes; whoever looks after pods starts again what has died, a little later."""
        world, end = self.world, self.world.now_s + for_s
        while world.now_s < end:
            world.run(min(self.chance.uniform(1.0, 15.0), end - world.now_s))
            self._undo_what_is_due()
            if len(world.panels) < self._panels:
                world.start_panel(self.chance.choice("ab"))

    def _later(self, after_s: float, undo: Callable[[], None]) -> None:
        self._undo.append((self.world.now_s + after_s, undo))

    def _undo_what_is_due(self, *, all_of_it: bool = False) -> None:
        due = [each for each in self._undo if all_of_it or each[0] <= self.world.now_s]
        self._undo = [each for each in self._undo if each not in due]
        for _, undo in due:
            undo()

    def _calm(self) -> None:
        """Every fault ends and every panel dies; the guardian has to bring the safe state."""
        world = self.world
        self._undo_what_is_due(all_of_it=True)
        world.faults.rate = 0.0
        for panel in list(world.panels):
            world.kill(panel.process)
        if world.guardian is not None and world.guardian.frozen_s > world.now_s:
            world.kill(world.guardian)  # a blocked loop is a fault that ends, too
        world.start_guardian()
        if not world.until(lambda: not world.checker.pauses.without_end(), 60.0):
            world.checker.violated("keda was still paused a minute after everything had died")

    def _panel(self) -> Panel | None:
        panels = [panel for panel in self.world.panels if panel.ending_s is None]
        return self.chance.choice(panels) if panels else None

    # -- the presenter -----------------------------------------------------------------------------

    def _command(self) -> None:
        panel = self._panel()
        if panel is None:
            return
        name, options = self._any_command()
        self.world.command(panel, name, **options)
        if self.chance.random() < 0.2:
            self.world.command(panel, name, **options)

    def _any_command(self) -> tuple[str, dict[str, Any]]:
        until = self.world.host.wall() + timedelta(seconds=self.chance.uniform(5, 900))
        return self.chance.choice(
            [
                *[("auto", {})] * 10, ("auto", {"once": True}), ("manual", {"keep_load": True}),
                ("manual", {"keep_load": False}), ("reset", {}), ("hold", {"on": True}),
                ("hold", {"on": False}), ("extend", {}), ("next_phase", {}), ("next_phase", {}),
                ("resume_show", {}), ("prescale", {"until": until}),
            ]
        )  # fmt: skip

    def _queue(self) -> None:
        for panel in self.world.panels:
            panel.load.queued = self.chance.choice((0, 20, 60, 200))
            panel.steered_until(math.inf)  # its guard may end a phase at once
        self._later(60.0, self._no_queue)

    def _no_queue(self) -> None:
        for panel in self.world.panels:
            panel.load.queued = 0
            panel.left_alone()

    # -- deaths ------------------------------------------------------------------------------------

    def _kill(self) -> None:
        if (panel := self._panel()) is not None:
            self.world.kill_at_step(panel, self.chance.randint(1, 200))

    def _kill_in_command(self) -> None:
        panel = self._panel()
        if panel is None:
            return
        name, options = self._any_command()
        self.world.command(panel, name, **options)
        self.world.kill_at_step(panel, self.chance.randint(1, KILL_STEPS))

    def _terminate(self) -> None:
        if (panel := self._panel()) is not None:
            panel.terminate()

    def _guardian(self) -> None:
        if self.world.guardian is not None and self.world.guardian.alive:
            self.world.kill(self.world.guardian)
            self._later(self.chance.choice((5.0, 60.0, 600.0)), self.world.start_guardian)

    def _freeze(self) -> None:
        candidates = [panel.process for panel in self.world.panels]
        if self.world.guardian is not None:
            candidates.append(self.world.guardian)
        if candidates:
            for_s = self.chance.choice((2.0, 8.0, 12.0, 20.0, 1200.0))
            process = self.chance.choice(candidates)
            self.world.loop.freeze(process, for_s)
            for panel in self.world.panels:
                if panel.process is process:
                    panel.frozen(self.world.now_s + for_s)

    def _jump(self) -> None:
        panel = self._panel()
        if panel is None:
            return
        if self.chance.random() < 0.5:
            panel.process.wall_skew_s += self.chance.choice((-3600.0, 3600.0))
        else:
            panel.process.skew_s += self.chance.choice((5.0, 60.0, 1200.0))
            panel.steered()

    # -- the cluster -------------------------------------------------------------------------------

    def _outage(self) -> None:
        """The API is away for a while; 15 s after its return all is in order again."""
        world = self.world
        if any(panel.process.kill_at is not None for panel in world.panels):
            return
        lasts_s = self.chance.choice(OUTAGES_S)
        panels = [(panel, panel.conductor.mode) for panel in world.panels]
        world.faults.rate = 0.0
        world.api_down(self.chance.choice(("refused", "hang", "unavailable")))
        world.run(lasts_s)
        self.rates += [(lasts_s, rate) for rate in world.api_up().values()]
        world.run(CONVERGED_S)
        for panel, mode in panels:
            steady = mode == "auto" and panel.conductor.mode == "auto"
            if steady and not panel.steered_within(CONVERGED_S + lasts_s):
                self._converged(panel)

    def _converged(self, panel: Panel) -> None:
        if not panel.writer.lease.held:
            self.world.checker.violated(f"{panel.process.name} has no lease 15 s after an outage")
            return
        desired, hindered = self.world.cluster.desired(), self.world.faults.denied
        if hindered or desired is None or self.world.meddled:
            return
        self.converged += 1
        if desired != panel.conductor.state.ordered:
            self.world.checker.violated(
                f"{desired} 15 s after an outage, {panel.conductor.state.ordered} is wanted"
            )

    def _scale(self) -> None:
        self.world.cluster.scale(self.chance.choice(ROLES), self.chance.randint(1, 5))

    def _foreign_pause(self) -> None:
        role = self.chance.choice(ROLES)
        key = self.chance.choice((names.ANNOTATION_PAUSED, names.ANNOTATION_PAUSED_REPLICAS))
        self._annotate(role, {key: self.chance.choice(("true", "3"))})
        self._later(self.chance.uniform(20.0, 300.0), lambda: self._annotate(role, {key: None}))

    def _annotate(self, role: Any, annotations: dict[str, str | None]) -> None:
        name = names.scaler(role)
        found = self.world.server.get(SCALED_OBJECT.plural, name)
        known = (found or {}).get("metadata", {}).get("annotations") or {}
        # a person touches no pause of ours
        if found is not None and names.ANNOTATION_PAUSED_BY not in known:
            self.world.server.patch(
                SCALED_OBJECT.plural, name, {"metadata": {"annotations": annotations}}
            )

    def _keda_down(self) -> None:
        self.world.cluster.keda_up = False
        self._later(self.chance.choice((10.0, 60.0, 300.0)), self._keda_back)

    def _keda_back(self) -> None:
        self.world.cluster.keda_up = True
        self.world.cluster.keda_late_s = self.chance.choice((0.2, 1.0, 8.0, 25.0))
        self.world.cluster.follow()

    def _adapter(self) -> None:
        self._away(DGDSA.plural, names.pool_dgdsa(self.chance.choice(ROLES)))

    def _scaler(self) -> None:
        self._away(SCALED_OBJECT.plural, names.scaler(self.chance.choice(ROLES)))

    def _away(self, plural: str, name: str) -> None:
        """Somebody deletes an object and makes it anew, without what was written on it."""
        found = self.world.server.get(plural, name)
        if found is None:
            return
        self.world.server.delete(plural, name)
        fresh = {**found, "metadata": {"name": name}}
        self._later(self.chance.uniform(5.0, 90.0), lambda: self.world.server.create(plural, fresh))

    def _deny(self) -> None:
        plural = self.chance.choice((DGDSA.plural, SCALED_OBJECT.plural))
        self.world.faults.denied.add(plural)
        self._later(
            self.chance.uniform(5.0, 90.0), lambda: self.world.faults.denied.discard(plural)
        )

    def _revert(self) -> None:
        self.world.cluster.reverting = self.chance.choice((1, 2, 8))

    def _no_place(self) -> None:
        self.world.cluster.places = 4
        slots = self.world.env.slots
        self._later(300.0, lambda: setattr(self.world.cluster, "places", slots))

    # -- verbs -------------------------------------------------------------------------------------

    def _safe(self) -> None:
        self.world.safe()

    def _prescale(self) -> None:
        self.world.prescale(self.chance.uniform(20.0, 900.0))


def in_order(world: World) -> bool:
    """Whether nobody who is dead has left KEDA paused."""
    holder, pauses = world.checker.holder, world.checker.pauses
    driver = world.host.processes.get(holder)
    driven = driver is not None and driver.alive
    return not pauses.without_end() or (
        driven and all(pause.by == holder for pause in pauses.ours())
    )
