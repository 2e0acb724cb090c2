"""A scaler that is made anew while the show plays knows nothing of the pause of the one before."""

import pytest

from gtc_runtime.cluster.api.errors import Denied
from gtc_runtime.cluster.keda import HpaLate
from gtc_runtime.cluster.keda_status import KedaStatus
from gtc_spec import names
from gtc_spec.kinds import HPA, SCALED_OBJECT
from tests.unit.scenario.test_handover import FOREIGN, TAKEN, Panel


def keep(panel: Panel, now_s: float = 0.0) -> None:
    panel.cluster.run(panel.handover.keep(panel.cluster.run(panel.keda.status()), now_s))


def without_decode(panel: Panel) -> None:
    panel.cluster.server.delete(SCALED_OBJECT.plural, names.scaler("decode"))


def made_anew(panel: Panel) -> None:
    panel.cluster.make(SCALED_OBJECT.plural, names.scaler("decode"), {})


def test_a_scaler_that_is_made_anew_while_the_show_plays_is_paused_too() -> None:
    panel = Panel()
    panel.cluster.run(panel.handover.take())
    without_decode(panel)
    keep(panel)
    made_anew(panel)
    keep(panel)
    assert panel.holders() == {"panel"}
    assert panel.told() == [TAKEN, ("keda", "KEDA paused again: a scaler was made anew")]
    before = len(panel.cluster.written())
    keep(panel)
    assert len(panel.cluster.written()) == before


def test_a_scaler_that_was_not_there_at_the_start_is_paused_when_it_comes() -> None:
    panel = Panel()
    without_decode(panel)
    panel.cluster.run(panel.handover.take())
    keep(panel)
    made_anew(panel)
    keep(panel)
    assert panel.holders() == {"panel"}


def test_a_scaler_that_comes_back_before_anybody_looks_again_is_paused_too() -> None:
    panel = Panel()
    without_decode(panel)
    panel.cluster.run(panel.handover.take())
    made_anew(panel)
    keep(panel)
    assert panel.holders() == {"panel"}


def test_a_scaler_that_is_away_again_when_it_is_to_be_paused_is_paused_once_it_is_back() -> None:
    panel = Panel()
    without_decode(panel)
    panel.cluster.run(panel.handover.take())
    made_anew(panel)
    seen = panel.cluster.run(panel.keda.status())
    without_decode(panel)
    panel.cluster.run(panel.handover.keep(seen, 0.0))
    made_anew(panel)
    keep(panel, 10.0)
    assert panel.holders() == {"panel"}


def test_a_new_scaler_that_somebody_holds_is_paused_once_they_let_go() -> None:
    panel = Panel()
    without_decode(panel)
    panel.cluster.run(panel.handover.take())
    made_anew(panel)
    panel.cluster.annotate("decode", FOREIGN)
    keep(panel)
    assert panel.cluster.annotations("decode") == FOREIGN
    panel.cluster.annotate("decode", dict.fromkeys(FOREIGN))
    keep(panel, 1.0)
    assert panel.holders() == {"panel"}


def test_a_pause_that_somebody_has_ended_is_not_set_again() -> None:
    panel = Panel()
    panel.cluster.run(panel.handover.take())
    panel.cluster.annotate("decode", {names.ANNOTATION_PAUSED: None})
    before = len(panel.cluster.written())
    keep(panel)
    assert len(panel.cluster.written()) == before


def test_a_pause_of_a_new_scaler_that_fails_is_tried_again_five_seconds_later() -> None:
    panel = Panel()
    without_decode(panel)
    panel.cluster.run(panel.handover.take())
    keep(panel)
    made_anew(panel)
    panel.cluster.fail("PATCH", "scaledobjects", Denied("no"))
    with pytest.raises(Denied):
        keep(panel, 10.0)
    keep(panel, 14.875)
    assert panel.holders() != {"panel"}
    keep(panel, 15.0)
    assert panel.holders() == {"panel"}


def test_a_pause_that_is_taken_back_is_tried_again_whatever_was_seen_while_it_stood() -> None:
    panel = Panel()
    without_decode(panel)
    panel.cluster.run(panel.handover.take())
    keep(panel)
    made_anew(panel)
    panel.cluster.make(HPA.plural, names.hpa(names.scaler("decode")), {})
    panel.cluster.keda_late_s = None
    with pytest.raises(HpaLate):
        keep(panel, 10.0)
    assert panel.cluster.annotations("prefill")[names.ANNOTATION_PAUSED_BY] == "panel"
    seen = panel.cluster.run(panel.keda.status())
    scalers = {**seen.scalers, "decode": seen.scalers["prefill"]}
    panel.cluster.run(panel.handover.keep(KedaStatus(scalers), 14.875))
    panel.cluster.keda_late_s = 0.7
    keep(panel, 15.0)
    assert panel.holders() == {"panel"}
