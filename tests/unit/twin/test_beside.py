"""The twin beside a show that another seed plays in virtual time."""

import math

import pytest

from gtc_runtime.events import EventLog
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.scenario import machine
from gtc_runtime.twin.beside import Beside
from gtc_runtime.twin.child import play
from gtc_runtime.twin.fidelity import FIGURES
from gtc_runtime.twin.player import Player
from gtc_runtime.twin.predicted import predicted
from gtc_runtime.view import WINDOW_S
from gtc_spec.environment import load
from tests.unit.telling.played import Played

PROD = load("prod").scaled(0.5)
OTHER_SEED = 77
SPREAD = 0.15
"""Of one seed around the band of five."""


class Live:
    """A simulated show as a conductor and its load are seen."""

    mode = "auto"

    def __init__(self, show: Played) -> None:
        self._show, self.book, self.log = show, show.book, show.log
        self.timeline = PROD.timeline

    @property
    def state(self):
        return self._show.state

    @property
    def load(self):
        rps, mix = machine.load_at(self.timeline, self.state, self._show.now_s) or (0.0, None)
        return Rate(rps=rps, mix=mix)

    @property
    def running(self):
        return self.load.rps > 0


def player(*, ready: bool = True) -> Player:
    made = Player(PROD, None, EventLog())
    made.ended = False
    made.predicted = predicted(list(play(PROD, Hardware.of(PROD), 5))) if ready else None
    return made


@pytest.fixture(scope="module")
def seen():
    """What was told each second, beside what the charts would have shown."""
    found, beside = [], None

    def look(show: Played) -> None:
        nonlocal beside
        if beside is None:
            live = Live(show)
            beside = Beside(player(), live, live)
        now_s = int(show.now_s)
        every = show.book.window(now_s - WINDOW_S, now_s + 1)["all"]
        p95, p50 = every.ttft.quantile(0.95), every.itl.quantile(0.5)
        found.append((now_s, beside.see(show.now_s), p95, p50))

    show = Played(PROD, look, seed=OTHER_SEED)
    show.play()
    for second in range(10):  # the panel looks on when the show is over
        look_s = show.now_s + second
        found.append((look_s, beside.see(look_s), None, None))
    return found


def inside(band, value_s):
    low_s, high_s = band.low_ms / 1000, band.high_ms / 1000
    return low_s * (1 - SPREAD) <= value_s <= high_s * (1 + SPREAD)


@pytest.mark.parametrize(("curve", "column"), [("ttft_p95", 2), ("itl_p50", 3)])
def test_the_curve_of_another_seed_lies_in_the_band(seen, curve, column):
    judged = [
        inside(band, row[column])
        for row in seen
        if (band := getattr(row[1], curve)) is not None and row[column] is not None
    ]

    assert len(judged) > 0.8 * math.floor(PROD.timeline.cycle_s - WINDOW_S)
    assert sum(judged) / len(judged) > 0.85


def test_there_is_a_band_from_the_first_window_to_the_end_of_the_show(seen):
    shown = [now_s for now_s, told, *_ in seen if told.ttft_p95 is not None]

    assert shown[0] == WINDOW_S
    assert shown[-1] >= PROD.timeline.cycle_s - 1
    assert len(shown) == shown[-1] - shown[0] + 1


def test_another_seed_is_within_a_tenth_over_all_phases_and_figures(seen):
    last = seen[-1][1]

    assert last.state == "ready"
    assert len(last.compared) == len(FIGURES) * len(PROD.table.phases)
    assert last.cycle == 0
    assert 0 < last.off < 0.1


def test_phases_are_compared_as_they_end_and_the_cycle_is_judged_when_it_is_over(seen):
    numbers = [len(told.compared) for _, told, *_ in seen]
    judged = [len(told.compared) for _, told, *_ in seen if told.off is not None]

    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 1 + len(PROD.table.phases)
    assert set(judged) == {numbers[-1]}


def beside(*, ready: bool) -> Beside:
    live = Live(Played(PROD, lambda show: None))
    return Beside(player(ready=ready), live, live)


def test_before_there_is_a_prediction_it_is_said_to_come():
    made = beside(ready=False)

    assert made.see(1.0).state == "pending"
    assert made.report([]) is None


def test_where_no_twin_is_played_nothing_is_said():
    live = Live(Played(PROD, lambda show: None))

    assert Beside(Player(PROD, None, EventLog()), live, live).see(1.0).state == "off"
