"""A rule machine over one world: up to three panels, a guardian, people and faults, in any order.

A part of `make chaos`, and a small test. Hypothesis looks for an order that violates what the
checker asks for, and shrinks it to the shortest one.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from gtc_spec import names
from gtc_spec.environment import load
from gtc_spec.kinds import DGDSA, SCALED_OBJECT
from gtc_spec.pools import ROLES
from tests.chaos.parts import Figure, Size, at_least, at_most
from tests.chaos.simulated.world import World, world

PROD: Final = load("prod")
EXAMPLES: Final = {"full": 500, "slice": 15}
STEPS: Final = 50
PANELS: Final = 3
COMMANDS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("auto", {}), ("auto", {"once": True}), ("manual", {"keep_load": True}),
    ("manual", {"keep_load": False}), ("reset", {}), ("hold", {"on": True}),
    ("hold", {"on": False}), ("extend", {}), ("next_phase", {}), ("resume_show", {}),
)  # fmt: skip


class Tally:
    """How much was played, over all examples."""

    examples = steps = 0
    seconds = 0.0


class Show(RuleBasedStateMachine):
    """The world, and what may happen to it next."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.world: World = self._stack.enter_context(world(PROD, seed=11))
        self.world.start_guardian()
        self.world.start_panel("a")
        self.world.run(6.0)
        Tally.examples += 1

    def teardown(self) -> None:
        Tally.seconds += self.world.now_s
        self._stack.close()

    # -- time and processes ------------------------------------------------------------------------

    @rule(for_s=st.sampled_from((0.1, 1.0, 3.0, 10.0, 20.0, 40.0)))
    def wait(self, for_s: float) -> None:
        self.world.run(for_s)

    @precondition(lambda self: len(self.world.panels) < PANELS)
    @rule(host=st.sampled_from("abc"))
    def start_panel(self, host: str) -> None:
        self.world.start_panel(host)

    @precondition(lambda self: self.world.panels)
    @rule(pick=st.integers(0, PANELS - 1))
    def kill(self, pick: int) -> None:
        panels = self.world.panels
        self.world.kill(panels[pick % len(panels)].process)

    @precondition(lambda self: self.world.panels)
    @rule(pick=st.integers(0, PANELS - 1), steps=st.integers(1, 300))
    def kill_soon(self, pick: int, steps: int) -> None:
        panels = self.world.panels
        self.world.kill_at_step(panels[pick % len(panels)], steps)

    @precondition(lambda self: self.world.panels)
    @rule(pick=st.integers(0, PANELS - 1))
    def terminate(self, pick: int) -> None:
        panels = self.world.panels
        panels[pick % len(panels)].terminate()

    @precondition(lambda self: self.world.panels)
    @rule(pick=st.integers(0, PANELS - 1), for_s=st.sampled_from((4.0, 11.0, 16.0, 60.0)))
    def freeze(self, pick: int, for_s: float) -> None:
        panel = self.world.panels[pick % len(self.world.panels)]
        self.world.loop.freeze(panel.process, for_s)
        panel.frozen(self.world.now_s + for_s)

    @rule()
    def kill_or_start_guardian(self) -> None:
        guardian = self.world.guardian
        if guardian is not None and guardian.alive:
            self.world.kill(guardian)
        else:
            self.world.start_guardian()

    # -- people ------------------------------------------------------------------------------------

    @precondition(lambda self: self.world.panels)
    @rule(pick=st.integers(0, PANELS - 1), what=st.sampled_from(COMMANDS), twice=st.booleans())
    def command(self, pick: int, what: tuple[str, dict[str, Any]], twice: bool) -> None:
        panel = self.world.panels[pick % len(self.world.panels)]
        if panel.ending_s is None:
            for _ in range(1 + twice):
                self.world.command(panel, what[0], **what[1])

    @precondition(lambda self: self.world.panels)
    @rule(pick=st.integers(0, PANELS - 1), for_s=st.sampled_from((5.0, 60.0)))
    def hold_pools(self, pick: int, for_s: float) -> None:
        panel = self.world.panels[pick % len(self.world.panels)]
        if panel.ending_s is None:
            until = self.world.host.wall() + timedelta(seconds=for_s)
            self.world.command(panel, "prescale", until=until)

    @rule()
    def safe(self) -> None:
        self.world.safe()

    @rule(role=st.sampled_from(ROLES), replicas=st.integers(1, 5))
    def scale_by_hand(self, role: Any, replicas: int) -> None:
        self.world.cluster.scale(role, replicas)

    @rule(role=st.sampled_from(ROLES), value=st.sampled_from(("true", None)))
    def pause_by_hand(self, role: Any, value: str | None) -> None:
        name = names.scaler(role)
        found = self.world.server.get(SCALED_OBJECT.plural, name) or {}
        if names.ANNOTATION_PAUSED_BY not in (found["metadata"].get("annotations") or {}):
            annotations = {"annotations": {names.ANNOTATION_PAUSED: value}}
            self.world.server.patch(SCALED_OBJECT.plural, name, {"metadata": annotations})

    # -- the API and KEDA --------------------------------------------------------------------------

    @rule(rate=st.sampled_from((0.0, 0.02, 0.2)))
    def fail(self, rate: float) -> None:
        self.world.faults.rate = rate if rate < 0.1 else 0.0
        if rate > 0.1:  # for a moment
            self.world.faults.rate = rate
            self.world.run(2.0)
            self.world.faults.rate = 0.0

    @rule(how=st.sampled_from(("refused", "hang", "unavailable")), for_s=st.sampled_from((5, 30)))
    def outage(self, how: str, for_s: int) -> None:
        self.world.api_down(how)
        self.world.run(float(for_s))
        self.world.api_up()

    @rule(plural=st.sampled_from((DGDSA.plural, SCALED_OBJECT.plural)))
    def deny_or_allow(self, plural: str) -> None:
        self.world.faults.denied ^= {plural}

    @rule(up=st.booleans(), late_s=st.sampled_from((0.2, 5.0, 25.0)))
    def keda(self, up: bool, late_s: float) -> None:
        self.world.cluster.keda_up, self.world.cluster.keda_late_s = up, late_s
        self.world.cluster.follow()

    # -- what holds --------------------------------------------------------------------------------

    @invariant()
    def nothing_is_violated(self) -> None:
        Tally.steps += 1
        assert not self.world.violations, "\n".join(
            [*list(self.world.story.recent)[-40:], *self.world.violations]
        )


class Calm(Show):
    """The same, and at the end of each example all dies and the guardian has to mend it."""

    def teardown(self) -> None:
        made = self.world
        try:
            if not made.violations:
                made.faults.rate, made.cluster.keda_up = 0.0, True
                made.faults.denied.clear()
                for panel in list(made.panels):
                    made.kill(panel.process)
                made.start_guardian()
                assert made.until(lambda: not made.checker.pauses.without_end(), 60.0)
                assert made.violations == []
        finally:
            super().teardown()


def machine(examples: int, seed: int) -> None:
    """Look for a violation.

    Raises:
        AssertionError: One was found; the steps that lead to it are printed.
    """
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    run_machine(seeded(seed)(Calm), settings=chosen)  # type: ignore[arg-type]


def run(size: Size, seed: int) -> list[Figure]:
    """The part."""
    violated = 0
    try:
        machine(EXAMPLES[size], seed)
    except AssertionError as found:
        violated = 1
        sys.stdout.write(f"{found}\n")
    return [
        at_least(
            f"examples of the rule machine, of {STEPS} steps at most",
            Tally.examples,
            EXAMPLES[size],
        ),
        at_least("steps", Tally.steps, 10 * EXAMPLES[size]),
        Figure("simulated hours in them", f"{Tally.seconds / 3600:.1f}"),
        at_most("violations of the rule machine", violated, 0),
    ]
