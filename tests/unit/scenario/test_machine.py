"""The scenario machine on a turned clock."""

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.scenario import machine
from gtc_runtime.scenario.machine import (
    IDLE,
    Entered,
    Finished,
    GateExpired,
    GateOpened,
    Observation,
    SetRatio,
    State,
)
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.phases import Timeline
from gtc_spec.pools import PDRatio
from tests.unit.scenario.show import (
    CHAT,
    COOLDOWN,
    COOLDOWN_AT,
    DOCUMENTS,
    EVEN,
    LARGE,
    RECOVERY,
    RECOVERY_AT,
    SETTLE_AT,
    SHOW,
    SMALL,
    STRESS,
    STRESS_AT,
    Show,
)

# -- beginning -----------------------------------------------------------------------------------


def test_nothing_happens_while_idle() -> None:
    seen = Observation(5.0, SMALL, 99)

    assert machine.step(SHOW, IDLE, seen) == (IDLE, [])
    assert machine.load_at(SHOW, IDLE, 5.0) is None
    assert machine.phase_of(SHOW, IDLE) == "IDLE"


def test_a_start_enters_the_first_segment_and_orders_its_ratio() -> None:
    show = Show()

    assert show.actions == [Entered(STRESS_AT, "start"), SetRatio(SMALL)]
    assert machine.phase_of(SHOW, show.state) == "PREFILL_STRESS"
    assert show.load() == (2, str(DOCUMENTS))


def test_a_segment_without_a_gate_ends_after_its_length() -> None:
    show = Show().to(59)
    assert show.state.index == STRESS_AT

    show.step()

    assert show.state.index == RECOVERY_AT


# -- orders --------------------------------------------------------------------------------------


def test_growth_is_ordered_one_lead_before_the_phase_that_needs_it() -> None:
    show = Show().to(60)

    assert show.ordered() == [(0, "2P:3D"), (10, "4P:3D")]
    assert show.entered()[-1] == (60, RECOVERY_AT, "time")


def test_a_ratio_is_ordered_once_and_not_every_second() -> None:
    show = Show().to(60)
    show.ready = LARGE

    assert len(show.to(80).ordered()) == 2


def test_shrinking_waits_for_the_segment_that_wants_fewer() -> None:
    show = Show().to(59)
    show.ready = LARGE

    show.to(101)

    assert show.entered()[-1] == (101, SETTLE_AT, "time")
    assert show.ordered()[-1] == (101, "2P:3D")


# -- the gate ------------------------------------------------------------------------------------


def test_the_length_of_a_gated_phase_counts_from_the_moment_that_every_worker_is_ready() -> None:
    show = Show().to(80)
    show.ready = LARGE
    assert show.step() == [GateOpened(21.0)]

    show.to(120)
    assert show.state.index == RECOVERY_AT

    show.step()
    assert show.entered()[-1] == (121, SETTLE_AT, "time")


def test_a_gate_that_never_opens_lets_the_show_go_on_at_the_maximum() -> None:
    show = Show().to(149)
    assert show.state.index == RECOVERY_AT

    assert show.step() == [GateExpired(LARGE), Entered(SETTLE_AT, "time"), SetRatio(SMALL)]


def test_a_gate_that_opens_late_cannot_pass_the_maximum() -> None:
    show = Show().to(140)
    show.ready = LARGE

    show.to(149)
    assert show.state.index == RECOVERY_AT

    show.step()
    assert show.entered()[-1] == (150, SETTLE_AT, "time")


def test_a_cluster_that_does_not_answer_opens_no_gate() -> None:
    show = Show().to(60)
    show.ready = None

    show.to(100)

    assert show.state.gate_s is None


def test_more_workers_than_wanted_open_the_gate_a_look_after_it_was_reached() -> None:
    show = Show().to(59)
    show.ready = PDRatio(5, 4)

    show.step(1)
    assert show.step(1) == [GateOpened(1.0)]


def test_the_end_of_a_segment_is_known_once_its_gate_is_open() -> None:
    show = Show().to(60)
    assert machine.latest_end_s(SHOW, show.state) == show.began_s + 60 + 90

    show.ready = LARGE
    show.to(65)

    assert machine.latest_end_s(SHOW, show.state) == show.began_s + 61 + 40


# -- the guard -----------------------------------------------------------------------------------


def test_a_queue_above_its_limit_ends_the_stress_early() -> None:
    show = Show().to(30)
    show.queued = 25
    assert show.step() == []

    show.queued = 26

    assert show.step() == [Entered(RECOVERY_AT, "guard")]


def test_an_unknown_queue_ends_nothing() -> None:
    show = Show().to(30)
    show.queued = None

    assert show.step() == []


def test_only_a_phase_with_a_guard_is_guarded() -> None:
    show = Show().to(60)
    show.queued = 10_000

    assert show.to(70).state.index == RECOVERY_AT


# -- load ----------------------------------------------------------------------------------------


def test_a_settle_tail_has_its_own_load() -> None:
    show = Show().to(59)
    show.ready = LARGE
    show.to(105)

    assert show.state.index == SETTLE_AT
    assert show.load() == (1, str(EVEN))
    assert machine.phase_of(SHOW, show.state) == "PREFILL_RECOVERY"


def test_a_ramp_changes_the_rate_every_second() -> None:
    show = Show().to(59)
    show.ready = LARGE
    show.to(121)
    rates = [show.load()] + [(show.step(), show.load())[1] for _ in range(29)]

    assert rates == [(round(3 * (1 - s / 30), 6), str(CHAT)) for s in range(30)]


# -- the end -------------------------------------------------------------------------------------


def test_the_show_begins_again_after_its_last_segment() -> None:
    show = Show().to(59)
    show.ready = LARGE
    show.to(151)

    assert show.entered()[-1] == (151, STRESS_AT, "time")
    assert show.state.cycle == 1


def test_a_show_that_is_played_once_is_idle_afterwards() -> None:
    show = Show(once=True).to(59)
    show.ready = LARGE
    show.to(151)

    assert show.actions == [Finished()]
    assert (show.state.index, show.state.cycle) == (None, 1)
    assert show.step() == []


def test_a_whole_cycle_of_prod_reads_like_its_table() -> None:
    """Workers come 120 s after their order, as the table expects; nothing waits for a gate."""
    prod = load("prod")
    show = Show(prod.timeline, once=True, at_s=0.0)
    arrivals: list[tuple[float, PDRatio]] = []
    while show.state.index is not None and show.now_s < 2000:
        for action in show.actions:
            if isinstance(action, SetRatio):
                arrivals.append((show.now_s + prod.worker_start_s, action.ratio))
        started = [ratio for at, ratio in arrivals if at <= show.now_s]
        wanted = arrivals[-1][1]
        show.ready = (started[-1] if started else prod.initial_ratio).at_most(wanted)
        show.step()

    names = [
        (at, str(prod.timeline.segments[index].phase.name), prod.timeline.segments[index].kind)
        for at, index, _ in show.entered()
    ]
    assert names == [
        (0, "BALANCED", "main"),
        (120, "KV_CACHE_DEMO", "main"),
        (240, "PREFILL_STRESS", "main"),
        (330, "PREFILL_RECOVERY", "main"),
        (421, "PREFILL_RECOVERY", "settle"),
        (466, "DECODE_STRESS", "main"),
        (556, "DECODE_RECOVERY", "main"),
        (677, "FULL_LOAD", "main"),
        (797, "COOLDOWN", "main"),
    ]
    opened = [each for _, each in show.told if isinstance(each, GateOpened)]
    assert all(gate.waited_s <= 1 for gate in opened)
    assert len(opened) == 2
    assert show.state.ordered == prod.initial_ratio


# -- any sequence of observations ----------------------------------------------------------------

workers = st.integers(0, 8)
sights = st.tuples(
    st.floats(0, 200),
    st.none() | st.builds(PDRatio, workers, workers),
    st.none() | st.integers(0, 200),
)


@settings(max_examples=60)
@given(st.sampled_from(ENVIRONMENTS), st.lists(sights, max_size=60))
def test_whatever_is_seen_the_show_moves_one_segment_a_step_at_most(
    name: str, seen: list[tuple[float, PDRatio | None, int | None]]
) -> None:
    show = Show(load(name).timeline)
    for seconds, show.ready, show.queued in seen:
        before = show.state
        show.step(seconds)
        steps = (show.state.index - before.index) % len(show.timeline.segments)
        assert steps in (0, 1)
        assert sum(isinstance(each, Entered) for each in show.actions) == steps
        assert sum(isinstance(each, SetRatio) for each in show.actions) <= 1


@settings(max_examples=60)
@given(st.sampled_from(ENVIRONMENTS), st.lists(sights, max_size=60))
def test_whatever_is_seen_the_show_ends_at_the_initial_ratio(
    name: str, seen: list[tuple[float, PDRatio | None, int | None]]
) -> None:
    environment = load(name)
    show = Show(environment.timeline, once=True)
    for seconds, show.ready, show.queued in seen:
        show.step(seconds)
    for _ in show.timeline.segments:
        show.step(500)

    assert show.state.index is None
    assert show.state.ordered == environment.initial_ratio
    assert [each for _, each in show.told if isinstance(each, Finished)] == [Finished()]


@settings(max_examples=60)
@given(st.sampled_from(ENVIRONMENTS), st.lists(sights, max_size=60))
def test_whatever_is_seen_every_order_fits_the_gpus_and_keeps_both_pools(
    name: str, seen: list[tuple[float, PDRatio | None, int | None]]
) -> None:
    environment = load(name)
    show = Show(environment.timeline)
    for seconds, show.ready, show.queued in seen:
        show.step(seconds)

    for _, action in show.told:
        if isinstance(action, SetRatio):
            assert action.ratio.total <= environment.slots
            assert min(action.ratio.prefill, action.ratio.decode) >= 1


@given(sights)
def test_deciding_twice_on_the_same_sight_does_nothing_the_second_time(
    seen: tuple[float, PDRatio | None, int | None],
) -> None:
    """Unless a segment began: then its first look may open its gate at once."""
    seconds, ready, _ = seen
    show = Show()
    show.ready, show.queued = ready, None
    show.step(seconds)
    before: State = show.state

    show.step(0)

    assert all(isinstance(each, GateOpened) for each in show.actions)
    assert show.state.index == before.index


# -- figures about where the show stands -----------------------------------------------------------


def test_an_idle_show_has_never_done_anything() -> None:
    assert (
        State(
            index=None,
            entered_s=0.0,
            gate_s=None,
            ordered=None,
            cycle=0,
            once=False,
            held_s=None,
            changed=None,
            grown_s=-math.inf,
            closed_s=None,
        )
        == IDLE
    )
    assert machine.latest_end_s(SHOW, replace(IDLE, entered_s=7.0)) == 7.0


def test_a_show_goes_on_for_ever_unless_it_is_said() -> None:
    state, _ = machine.start(SHOW, 1000.0)

    assert state.once is False


def test_what_has_been_played_and_what_is_left_add_up_and_are_never_negative() -> None:
    state = Show().to(20).state

    assert machine.elapsed_s(state, 1020.0) == 20.0
    assert machine.left_s(SHOW, state, 1020.0) == 40.0
    assert machine.elapsed_s(state, 999.0) == 0.0
    assert machine.left_s(SHOW, state, 1061.0) == 0.0


def test_a_show_that_stands_still_has_as_much_left_as_when_it_stopped() -> None:
    held = replace(Show().to(20).state, held_s=1020.0)

    assert machine.elapsed_s(held, 1500.0) == 20.0
    assert machine.left_s(SHOW, held, 1500.0) == 40.0


def test_pools_that_a_later_phase_wants_are_told_by_its_title() -> None:
    at = {index: replace(IDLE, index=index) for index in range(4)}

    assert machine.ahead_of(SHOW, at[STRESS_AT], LARGE) == "Prefill recovery"
    assert machine.ahead_of(SHOW, at[COOLDOWN_AT], LARGE) == "Prefill recovery"
    assert machine.ahead_of(load("prod").timeline, at[0], PDRatio(2, 5)) == "Decode recovery"


def test_pools_that_the_present_phase_wants_or_none_are_ahead_of_nothing() -> None:
    at = {index: replace(IDLE, index=index) for index in range(4)}

    assert machine.ahead_of(SHOW, IDLE, LARGE) == ""
    assert machine.ahead_of(SHOW, at[STRESS_AT], SMALL) == ""
    assert machine.ahead_of(SHOW, at[RECOVERY_AT], LARGE) == ""
    assert machine.ahead_of(SHOW, at[STRESS_AT], PDRatio(9, 9)) == ""


def test_a_segment_begins_with_what_it_wants_at_once_and_not_with_what_is_due_soon() -> None:
    soon = Timeline((STRESS, RECOVERY, COOLDOWN), STRESS.duration_s - 0.5)

    assert Show(soon).state.ordered == SMALL


def test_what_the_presenter_did_to_a_segment_ends_with_it() -> None:
    show = Show()
    touched = replace(
        show.state, held_s=1010.0, changed=SHOW.segments[RECOVERY_AT], closed_s=1005.0
    )

    entered, _ = machine.go_to(SHOW, touched, SETTLE_AT, 1020.0, "next")

    assert (entered.held_s, entered.changed, entered.closed_s) == (None, None, None)
    assert (entered.index, entered.entered_s, entered.gate_s) == (SETTLE_AT, 1020.0, 1020.0)


def test_the_moment_of_the_last_growth_is_kept_and_shrinking_does_not_change_it() -> None:
    show = Show()
    assert show.state.grown_s == 1000.0

    assert show.to(30).state.grown_s == 1010.0

    show.ready = LARGE
    assert show.to(101).state.ordered == SMALL
    assert show.state.grown_s == 1010.0
