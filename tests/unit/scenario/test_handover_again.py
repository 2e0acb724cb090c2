"""What failed once: which failures a show that goes on waits out, and what is told of a pause."""

from collections.abc import Callable

import pytest

from gtc_runtime.cluster.api.errors import Conflict, Denied, Fenced, KubeError, Unreachable
from gtc_runtime.cluster.keda import PausedByOther, PauseStands
from gtc_spec import names
from tests.unit.scenario.test_handover import FOREIGN, TAKEN, Panel
from tests.unit.scenario.test_handover_keeps import keep, made_anew, without_decode

STANDS = "our own pause may stand"


def refuse(panel: Panel, error: KubeError, times: int = 1) -> None:
    panel.cluster.fail("PATCH", "scaledobjects", error, times=times)


def half_paused(panel: Panel, error: KubeError) -> set[str]:
    """One pool is paused, and then nothing may be changed until ``healed`` is in what returns."""
    seen: set[str] = set()

    def after_the_first() -> None:
        if "one" in seen and "healed" not in seen:
            raise error
        seen.add("one")

    panel.cluster.meddle("PATCH", "scaledobjects", after_the_first, times=9)
    return seen


def take_again(panel: Panel) -> str:
    answer: str = panel.cluster.run(panel.handover.take_again())
    return answer


def test_a_show_that_goes_on_takes_keda_and_has_nothing_to_say() -> None:
    panel = Panel()
    assert take_again(panel) == ""
    assert (panel.holders(), panel.told()) == ({"panel"}, [TAKEN])


@pytest.mark.parametrize("error", [Unreachable("away"), Conflict("changed"), Fenced("not ours")])
def test_what_may_be_gone_at_the_next_try_is_raised(error: KubeError) -> None:
    panel = Panel()
    refuse(panel, error, times=9)
    with pytest.raises(KubeError):
        take_again(panel)


def test_a_roll_back_that_failed_too_is_waited_out_by_what_the_pause_failed_of() -> None:
    panel = Panel()
    half_paused(panel, Unreachable("away"))
    with pytest.raises(PauseStands, match=STANDS) as raised:
        take_again(panel)
    assert isinstance(raised.value.__cause__, Unreachable)


@pytest.mark.parametrize("break_it", [refuse, half_paused])
def test_what_would_fail_again_is_said_and_ends_the_tries(
    break_it: Callable[[Panel, KubeError], object],
) -> None:
    panel = Panel()
    break_it(panel, Denied("not allowed"))
    assert take_again(panel).startswith("not allowed")


def test_a_foreign_pause_ends_the_tries() -> None:
    panel = Panel()
    panel.cluster.annotate("decode", FOREIGN)
    assert names.scaler("decode") in take_again(panel)


def test_a_pause_that_stands_after_its_roll_back_failed_is_a_problem_that_is_shown() -> None:
    panel = Panel()
    half_paused(panel, Denied("not allowed"))
    with pytest.raises(PauseStands):
        panel.cluster.run(panel.handover.take())
    assert panel.handover.problem.startswith("keda is not resumed yet: not allowed")
    assert STANDS in panel.handover.problem


def test_a_pause_that_was_rolled_back_is_no_problem() -> None:
    panel = Panel()
    refuse(panel, Denied("not allowed"))
    with pytest.raises(Denied):
        panel.cluster.run(panel.handover.take())
    assert panel.handover.problem == ""


def test_a_pause_that_succeeds_at_last_ends_the_tries_to_resume() -> None:
    panel = Panel()
    seen = half_paused(panel, Denied("not allowed"))
    with pytest.raises(PauseStands):
        panel.cluster.run(panel.handover.take())
    seen.add("healed")
    panel.cluster.run(panel.handover.take())
    assert panel.handover.problem == ""
    panel.cluster.run(panel.handover.retry(9e9))
    assert panel.holders() == {"panel"}


def test_a_new_failure_of_a_later_resume_is_raised_once_and_then_only_shown() -> None:
    panel = Panel()
    refuse(panel, Denied("no"))
    with pytest.raises(Denied):
        panel.cluster.run(panel.handover.take())
    panel.cluster.run(panel.keda.pause("panel"))
    refuse(panel, Denied("still not"), times=9)
    with pytest.raises(Denied, match="still not"):
        panel.cluster.run(panel.handover.retry(9e9))
    panel.cluster.run(panel.handover.retry(9e9))
    assert "still not" in panel.handover.problem


def test_the_pause_of_a_new_scaler_that_somebody_ends_is_not_set_again() -> None:
    panel = Panel()
    panel.cluster.run(panel.handover.take())
    without_decode(panel)
    keep(panel)
    made_anew(panel)
    keep(panel)
    panel.cluster.annotate("decode", {names.ANNOTATION_PAUSED: None})
    before = len(panel.cluster.written())
    keep(panel, 60.0)
    assert len(panel.cluster.written()) == before


def test_a_foreign_pause_owes_nothing_and_is_no_problem() -> None:
    panel = Panel()
    panel.cluster.annotate("decode", FOREIGN)
    with pytest.raises(PausedByOther):
        panel.cluster.run(panel.handover.take())
    assert (panel.handover.owes, panel.handover.problem) == (False, "")
