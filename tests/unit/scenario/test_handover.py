"""What a handover owes KEDA, when it tries again, and what it tells of both."""

from datetime import UTC, datetime, timedelta

import pytest

from gtc_runtime.cluster.api.errors import Denied
from gtc_runtime.cluster.keda import HpaLate, Keda, PausedByOther
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.cluster.state import StateStore
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.events import EventLog
from gtc_runtime.scenario.handover import RESUMED, Handover
from gtc_spec import names
from gtc_spec.pools import ROLES, PDRatio
from tests.turned_clock import TurnedCluster

INITIAL, LARGE = PDRatio(2, 3), PDRatio(4, 4)
NOON = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
PAUSE_S = 1.0
"""KEDA follows in 0.7 s and is looked at every half a second."""
TAKEN = ("keda", "KEDA paused; the scenario drives scaling")
BACK = ("keda", RESUMED)
FOREIGN: dict[str, str | None] = {names.ANNOTATION_PAUSED: "true"}
PAUSED_BY_FOREIGN = f"{names.scaler('decode')} has {names.ANNOTATION_PAUSED}: true"


class Panel:
    """A handover at noon, with what it has told."""

    def __init__(self) -> None:
        self.cluster = TurnedCluster()
        kube, clock = self.cluster.kube, self.cluster.clock
        self.keda = Keda(kube, clock)
        lease = Lease(kube, "panel", clock=clock)
        writer = Writer(kube, lease, Scaling(kube, 8, clock), self.keda, StateStore(kube))
        self.log = EventLog()
        self.handover = Handover(writer, INITIAL, self.log, clock, lambda: NOON)

    def told(self) -> list[tuple[str, str]]:
        return [(event.kind, event.text) for event in self.log.newest()]

    def holders(self) -> set[str | None]:
        by = names.ANNOTATION_PAUSED_BY
        return {self.cluster.annotations(role).get(by) for role in ROLES}

    def desired(self) -> PDRatio:
        return PDRatio(*(self.cluster.desired(role) for role in ROLES))

    def undo(self) -> None:
        self.cluster.run(self.handover.undo(self.cluster.run(self.keda.status())))

    def resumes_at(self, at_s: float) -> bool:
        """Whether the next try comes at that time and not before."""
        for now_s, still in ((at_s - 0.125, True), (at_s, False)):
            before = len(self.cluster.written())
            self.cluster.run(self.handover.retry(now_s))
            if (len(self.cluster.written()) == before) is not still:
                return False
        return self.holders() == {None}


# -- taking ----------------------------------------------------------------------------------------


def test_taking_pauses_keda_in_our_name_and_owes_a_resume() -> None:
    panel = Panel()
    assert panel.handover.owes is False
    panel.cluster.run(panel.handover.take())
    assert (panel.holders(), panel.told()) == ({"panel"}, [TAKEN])
    assert panel.handover.owes is True


def test_a_foreign_pause_is_not_taken_over_and_nothing_is_owed() -> None:
    panel = Panel()
    panel.cluster.annotate("decode", FOREIGN)
    with pytest.raises(PausedByOther):
        panel.cluster.run(panel.handover.take())
    assert (panel.handover.owes, panel.told()) == (False, [])
    panel.cluster.run(panel.handover.retry(9e9))
    assert panel.cluster.written() == []


def test_a_foreign_pause_that_is_taken_over_is_told_then_and_once_at_its_end() -> None:
    panel = Panel()
    panel.cluster.annotate("decode", FOREIGN)
    panel.cluster.run(panel.handover.take(force=True))
    assert panel.told() == [
        ("keda", f"a pause of somebody else is taken over: {PAUSED_BY_FOREIGN}"),
        TAKEN,
    ]
    for _ in range(2):
        panel.cluster.run(panel.handover.resume())
    assert panel.told()[2:] == [
        BACK,
        ("keda", f"with it ended the pause of somebody else: {PAUSED_BY_FOREIGN}"),
        BACK,
    ]


def test_a_hold_in_one_direction_is_told() -> None:
    panel = Panel()
    panel.cluster.annotate("decode", {"autoscaling.keda.sh/paused-scale-in": "true"})
    panel.cluster.run(panel.handover.take())
    said = f"{names.scaler('decode')} has autoscaling.keda.sh/paused-scale-in: true"
    assert panel.told() == [
        TAKEN,
        ("keda", f"somebody holds KEDA in one direction, and still will: {said}"),
    ]


def test_a_pause_that_failed_is_ended_once_more_after_five_seconds() -> None:
    panel = Panel()
    panel.cluster.fail("PATCH", names.scaler("decode"), Denied("not allowed"), times=2)
    with pytest.raises(Denied):
        panel.cluster.run(panel.handover.take())
    assert panel.handover.owes is True
    panel.cluster.annotate("prefill", FOREIGN | {names.ANNOTATION_PAUSED_BY: "panel"})
    assert panel.resumes_at(105.0)
    assert panel.handover.owes is False


# -- giving back -----------------------------------------------------------------------------------


def test_giving_back_orders_the_initial_ratio_and_resumes() -> None:
    panel = Panel()
    panel.cluster.run(panel.handover.take())
    panel.cluster.order("prefill", 4)
    panel.cluster.run(panel.handover.give_back())
    assert (panel.desired(), panel.holders()) == (INITIAL, {None})
    assert (panel.told(), panel.handover.owes) == ([TAKEN, BACK], False)


def test_keda_is_resumed_although_the_ratio_is_refused() -> None:
    panel = Panel()
    panel.cluster.run(panel.handover.take())
    panel.cluster.order("prefill", 4)
    panel.cluster.fail("PATCH", "/scale", Denied("ask the boss"))
    panel.cluster.run(panel.handover.give_back())
    assert panel.told() == [TAKEN, ("warning", "ask the boss"), BACK]


def test_keda_is_resumed_after_eight_seconds_although_the_ratio_is_not_set() -> None:
    panel = Panel()
    panel.cluster.run(panel.handover.take())
    panel.cluster.order("prefill", 4)
    panel.cluster.delay("PATCH", "/scale", 60.0)
    begun_s = panel.cluster.clock()
    panel.cluster.run(panel.handover.give_back())
    assert panel.told() == [TAKEN, ("warning", "2P:3D was not set within 8 s"), BACK]
    assert panel.cluster.ended_s - begun_s == 8.0 + PAUSE_S


def test_a_resume_that_failed_is_tried_again_after_five_seconds() -> None:
    panel = Panel()
    panel.cluster.run(panel.handover.take())
    panel.cluster.fail("PATCH", "scaledobjects", Denied("not allowed"), times=2)
    begun_s = panel.cluster.clock()
    with pytest.raises(Denied):
        panel.cluster.run(panel.handover.resume())
    assert panel.handover.owes is True
    assert panel.resumes_at(begun_s + 5.0)
    assert panel.told() == [TAKEN, BACK]


def test_an_hpa_that_does_not_come_back_is_waited_for_again() -> None:
    panel = Panel()
    panel.cluster.run(panel.handover.take())
    panel.cluster.keda_late_s = None
    with pytest.raises(HpaLate):
        panel.cluster.run(panel.handover.give_back())
    begun_s = panel.cluster.clock()
    panel.cluster.run(panel.handover.retry(begun_s))
    assert panel.cluster.ended_s - begun_s == 30.0
    assert "is not back after 30 s; tried again every 5 s" in panel.handover.problem
    assert panel.told() == [TAKEN]


def test_nothing_is_resumed_that_is_not_pending() -> None:
    panel = Panel()
    panel.cluster.run(panel.handover.retry(9e9))
    panel.cluster.run(panel.handover.take())
    panel.cluster.run(panel.handover.resume())
    panel.cluster.asked.clear()
    panel.cluster.run(panel.handover.retry(9e9))
    assert panel.cluster.asked == []


# -- holding and restoring -------------------------------------------------------------------------


def test_a_hold_keeps_its_ratio_until_its_end_and_owes_nothing_before() -> None:
    panel = Panel()
    begun_s = panel.cluster.clock()
    panel.cluster.run(panel.handover.hold(LARGE, NOON + timedelta(minutes=30)))
    until = panel.cluster.annotations("decode")[names.ANNOTATION_PAUSED_UNTIL]
    assert until == "2026-03-16T12:30:00+00:00"
    assert (panel.desired(), panel.holders(), panel.handover.owes) == (LARGE, {"panel"}, False)
    assert panel.told() == [("keda", "KEDA paused until 12:30 UTC; 4P:4D stays")]
    assert panel.resumes_at(begun_s + PAUSE_S + 1800.0)


def test_a_hold_whose_end_is_past_is_resumed_now_and_not_before_now() -> None:
    panel = Panel()
    begun_s = panel.cluster.clock()
    panel.cluster.run(panel.handover.hold(LARGE, NOON - timedelta(minutes=1)))
    assert panel.resumes_at(begun_s + PAUSE_S)


def test_nothing_is_held_under_a_foreign_pause() -> None:
    panel = Panel()
    panel.cluster.annotate("decode", FOREIGN)
    with pytest.raises(PausedByOther):
        panel.cluster.run(panel.handover.hold(LARGE, NOON))
    assert (panel.desired(), panel.told()) == (INITIAL, [])


def test_restoring_pauses_keda_for_that_moment_only() -> None:
    panel = Panel()
    panel.cluster.order("prefill", 4)
    panel.cluster.run(panel.handover.restore())
    assert (panel.desired(), panel.holders(), panel.told()) == (INITIAL, {None}, [BACK])
    kinds = [each.path.partition("/")[0] for each in panel.cluster.written()]
    assert kinds == ["scaledobjects"] * 2 + [kinds[2]] + ["scaledobjects"] * 2


def test_restoring_under_a_foreign_pause_sets_the_ratio_and_leaves_the_pause() -> None:
    panel = Panel()
    panel.cluster.annotate("decode", FOREIGN)
    panel.cluster.order("prefill", 4)
    panel.cluster.run(panel.handover.restore())
    assert (panel.desired(), panel.told()) == (INITIAL, [])
    assert panel.cluster.annotations("decode") == FOREIGN


# -- what a panel before has left ------------------------------------------------------------------


@pytest.mark.parametrize("until", [None, NOON - timedelta(minutes=1), NOON])
def test_a_pause_that_is_left_without_an_end_to_come_is_undone(until: datetime | None) -> None:
    panel = Panel()
    panel.cluster.run(panel.keda.pause("dead", until=until))
    panel.cluster.order("decode", 5)
    panel.undo()
    assert (panel.desired(), panel.holders(), panel.told()) == (INITIAL, {None}, [BACK])


def test_a_pause_with_an_end_to_come_stays_and_is_resumed_at_its_end() -> None:
    panel = Panel()
    panel.cluster.run(panel.keda.pause("dead", until=NOON + timedelta(minutes=10)))
    panel.undo()
    assert (panel.holders(), panel.handover.owes) == ({"dead"}, False)
    assert panel.told() == [("keda", "KEDA stays paused until 12:10 UTC")]
    assert panel.resumes_at(panel.cluster.clock() + 600.0)


def test_where_keda_drives_there_is_nothing_to_undo() -> None:
    panel = Panel()
    panel.cluster.order("decode", 5)
    panel.undo()
    assert (panel.cluster.desired("decode"), panel.told()) == (5, [])
    assert panel.cluster.written() == []
