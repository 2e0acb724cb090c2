"""Whether a live show is one that the prediction is about."""

from dataclasses import replace

from gtc_runtime.scenario import machine
from gtc_runtime.twin.following import Following, Load
from gtc_runtime.twin.predicted import Stretch
from gtc_runtime.view import WINDOW_S
from gtc_spec.environment import load
from gtc_spec.workloads import WorkloadMix

PROD = load("prod")
TIMELINE = PROD.timeline
NAMES = [str(segment.phase.name) for segment in TIMELINE.segments]
STRETCHES = tuple(
    Stretch(str(each.phase.name), round(each.nominal_s), round(each.nominal_s), {})
    for each in TIMELINE.segments
)
STRESS = NAMES.index("PREFILL_STRESS")


class Show:
    """A show that a test moves on; its load is the table's unless the test says otherwise."""

    def __init__(self) -> None:
        self.now_s, self.following = 1000.0, Following(TIMELINE)
        self.following.stretches = STRETCHES
        self.state = machine.IDLE

    def enter(self, index: int) -> float | None:
        self.state = replace(machine.IDLE, index=index, entered_s=self.now_s, gate_s=self.now_s)
        return self.look()

    def look(self, after_s: float = 0.0, load: Load | None = None) -> float | None:
        """The last of several looks, one a second."""
        while after_s > 1:
            self._see(load)
            self.now_s, after_s = self.now_s + 1, after_s - 1
        self.now_s += after_s
        return self._see(load)

    def _see(self, load: Load | None) -> float | None:
        planned = machine.load_at(TIMELINE, self.state, self.now_s)
        return self.following.see(self.state, load or Load(*planned or (0.0, None)), self.now_s)

    def play(self, until: int, start: int = 0) -> None:
        """Play segments as the table has them, up to the beginning of one."""
        for index in range(start, until):
            self.enter(index)
            self.look(TIMELINE.segments[index].nominal_s)
        self.enter(until)

    def stop(self) -> None:
        self.state = machine.IDLE
        self.look()


def test_nothing_is_predicted_while_no_show_runs():
    assert Show().look(60) is None


def test_nothing_is_predicted_while_the_window_reaches_before_the_show():
    show = Show()
    show.enter(0)

    assert show.look(WINDOW_S - 1) is None
    assert show.look(1) == WINDOW_S


def test_a_segment_is_counted_from_its_own_begin():
    show = Show()
    show.play(STRESS)

    assert show.look(25) == 25


def test_a_segment_that_lasts_longer_is_counted_on():
    show = Show()
    show.enter(0)

    assert show.look(500) == 500


def test_another_rate_ends_it_for_the_phase():
    show = Show()
    show.enter(0)
    show.look(60)
    twice = Load(2 * TIMELINE.segments[0].rps, TIMELINE.segments[0].mix)

    assert show.look(5, twice) is None
    assert show.look(20) is None
    assert "BALANCED" not in show.following.as_predicted


def test_another_mix_ends_it_for_the_phase():
    show = Show()
    show.enter(0)
    show.look(60)

    assert show.look(5, Load(TIMELINE.segments[0].rps, WorkloadMix.parse("0/0/100"))) is None


def test_a_load_that_lags_for_a_second_behind_the_table_is_the_tables():
    show = Show()
    show.play(1)
    before = TIMELINE.segments[0]

    assert show.look(1, Load(before.rps, before.mix)) == 1


def test_a_stress_that_was_cut_short_leaves_the_next_phase_without_prediction():
    show = Show()
    show.play(STRESS)
    show.look(30)
    show.enter(STRESS + 1)

    assert show.look(80) is None
    assert not {"PREFILL_STRESS", "PREFILL_RECOVERY"} & show.following.as_predicted


def test_a_stress_that_was_held_leaves_the_next_phase_without_prediction():
    show = Show()
    show.play(STRESS)
    show.look(200)
    show.enter(STRESS + 1)

    assert show.look(80) is None


def test_the_phase_after_that_is_predicted_again():
    show = Show()
    show.play(STRESS)
    show.look(30)
    show.play(NAMES.index("DECODE_STRESS"), start=STRESS + 1)

    assert show.look(20) == 20


def test_after_a_calm_phase_was_cut_short_only_the_window_has_to_pass():
    show = Show()
    show.enter(0)
    show.look(50)
    show.enter(1)

    assert show.look(WINDOW_S - 1) is None
    assert show.look(1) == WINDOW_S
    assert "KV_CACHE_DEMO" in show.following.as_predicted


def test_a_show_that_was_resumed_is_not_predicted_in_its_phase():
    show = Show()
    show.play(1)
    show.look(40)
    show.stop()
    show.enter(1)

    assert show.look(60) is None
    assert show.following.as_predicted == {"BALANCED"}


def test_every_cycle_begins_anew():
    show = Show()
    show.play(STRESS)
    before = show.following.as_predicted
    show.stop()
    show.enter(0)

    assert show.look(WINDOW_S) == WINDOW_S
    assert show.following.as_predicted == {"BALANCED"}
    assert before == {"BALANCED", "KV_CACHE_DEMO", "PREFILL_STRESS"}
