"""How long a pause and a resume wait for KEDA, whose pause is touched, and who wins a race."""

from datetime import UTC, datetime

import pytest

from gtc_runtime.cluster.api.errors import Conflict, Denied, KubeError, Unreachable
from gtc_runtime.cluster.keda import HpaLate, Keda, PausedByOther, PauseStands
from gtc_spec import names
from gtc_spec.kinds import HPA, SCALED_OBJECT
from gtc_spec.pools import ROLES
from tests.turned_clock import TurnedCluster

PAUSED = names.ANNOTATION_PAUSED
PAUSED_REPLICAS = names.ANNOTATION_PAUSED_REPLICAS
OURS = {PAUSED: "true", names.ANNOTATION_PAUSED_BY: "me"}
UNTIL = datetime(2026, 3, 16, 18, 0, tzinfo=UTC)
PREFILL, DECODE = (names.scaler(role) for role in ROLES)


def keda(cluster: TurnedCluster) -> Keda:
    return Keda(cluster.kube, cluster.clock)


def annotations(cluster: TurnedCluster) -> list[dict[str, str]]:
    return [cluster.annotations(role) for role in ROLES]


def paused(cluster: TurnedCluster | None = None) -> TurnedCluster:
    """A cluster in which we have paused KEDA; the requests for it are forgotten."""
    cluster = cluster or TurnedCluster()
    cluster.run(keda(cluster).pause("me"))
    cluster.asked.clear()
    return cluster


# -- waiting for KEDA ------------------------------------------------------------------------------


def test_a_pause_is_done_when_both_hpas_are_gone() -> None:
    cluster = TurnedCluster()
    status = cluster.run(keda(cluster).pause("me"))
    # keda follows after 0.7 s; it is looked every half a second
    assert cluster.ended_s == 101.0
    assert (status.state, status.holder, status.until) == ("paused-by-us", "me", None)
    assert status.hpa_present == {"prefill": False, "decode": False}
    assert annotations(cluster) == [OURS, OURS]
    assert len(cluster.written()) == 2


def test_a_resume_is_done_when_both_hpas_are_back() -> None:
    cluster = paused()
    begun_s = cluster.clock()
    status = cluster.run(keda(cluster).resume())
    assert cluster.ended_s - begun_s == 1.0
    assert (status.state, status.reason) == ("active", "")
    assert annotations(cluster) == [{}, {}]
    assert len(cluster.written()) == 2


def test_keda_has_thirty_seconds_to_follow_a_pause() -> None:
    cluster = TurnedCluster()
    cluster.keda_late_s = 30.0
    assert cluster.run(keda(cluster).pause("me")).state == "paused-by-us"


def test_a_pause_that_keda_has_not_followed_in_thirty_seconds_is_rolled_back() -> None:
    cluster = TurnedCluster()
    cluster.keda_late_s = None
    with pytest.raises(HpaLate, match=f"hpa {names.hpa(PREFILL)}, .* is still there after 30 s"):
        cluster.run(keda(cluster).pause("me"))
    assert cluster.ended_s == 130.0
    assert annotations(cluster) == [{}, {}]


def test_only_the_hpa_that_is_late_is_named() -> None:
    cluster = paused()
    cluster.keda_late_s = None
    cluster.make(HPA.plural, names.hpa(PREFILL), {})
    with pytest.raises(HpaLate, match=f"hpa {names.hpa(DECODE)} is not back after 30 s"):
        cluster.run(keda(cluster).resume())
    assert annotations(cluster) == [{}, {}]


def test_a_pause_that_cannot_be_rolled_back_says_why_it_failed_first() -> None:
    cluster = TurnedCluster()
    cluster.keda_late_s = None
    cluster.meddle(
        "PATCH",
        DECODE,
        lambda: cluster.fail("PATCH", "scaledobjects", Denied("no"), times=-1),
        after=True,
    )
    with pytest.raises(
        PauseStands, match=r"still there after .* our own pause may stand: no"
    ) as it:
        cluster.run(keda(cluster).pause("me"))
    assert isinstance(it.value.__cause__, HpaLate)
    assert annotations(cluster) == [OURS, OURS]


# -- what is there ---------------------------------------------------------------------------------


def test_an_hpa_is_found_by_the_name_that_its_scaler_gives_it() -> None:
    cluster = TurnedCluster()
    named = {"status": {"hpaName": "named"}}
    cluster.server.patch(SCALED_OBJECT.plural, PREFILL, named)
    assert cluster.run(keda(cluster).status()).hpa_present == {"prefill": False, "decode": True}
    cluster.make(HPA.plural, "named", {})
    assert cluster.run(keda(cluster).status()).hpa_present == {"prefill": True, "decode": True}


def test_an_hpa_that_gets_no_metric_is_told() -> None:
    cluster = TurnedCluster()
    deaf = {"type": "ScalingActive", "status": "False", "message": "no metrics"}
    cluster.server.patch(HPA.plural, names.hpa(DECODE), {"status": {"conditions": [deaf]}})
    assert cluster.run(keda(cluster).status()).blind == f"{DECODE} is blind: no metrics"


def test_a_scaler_that_is_not_there_is_a_state_and_the_other_is_paused() -> None:
    cluster = TurnedCluster()
    cluster.server.delete(SCALED_OBJECT.plural, DECODE)
    cluster.server.delete(HPA.plural, names.hpa(DECODE))
    status = cluster.run(keda(cluster).pause("me"))
    assert status.scalers["decode"].present is False
    assert (status.state, cluster.annotations("prefill")) == ("paused-by-us", OURS)
    assert cluster.run(keda(cluster).resume()).scalers["prefill"].hpa_present is True


def test_without_keda_nothing_is_written_and_nothing_is_waited_for() -> None:
    cluster = TurnedCluster()
    for scaler in (PREFILL, DECODE):
        cluster.server.delete(SCALED_OBJECT.plural, scaler)
        cluster.server.delete(HPA.plural, names.hpa(scaler))
    assert cluster.run(keda(cluster).pause("me")).state == "absent"
    assert cluster.ended_s == 100.0
    begun_s = cluster.clock()
    assert cluster.run(keda(cluster).resume()).state == "absent"
    assert (cluster.written(), cluster.ended_s) == ([], begun_s)


# -- whose pause -----------------------------------------------------------------------------------


def test_a_pause_carries_the_time_at_which_it_is_to_end() -> None:
    cluster = TurnedCluster()
    assert cluster.run(keda(cluster).pause("me", until=UNTIL)).until == UNTIL
    ending = OURS | {names.ANNOTATION_PAUSED_UNTIL: UNTIL.isoformat()}
    assert annotations(cluster) == [ending, ending]
    cluster.run(keda(cluster).resume())
    assert annotations(cluster) == [{}, {}]


def test_a_pause_of_ours_is_taken_over_with_its_time() -> None:
    cluster = TurnedCluster()
    cluster.run(keda(cluster).pause("dead", until=UNTIL))
    status = cluster.run(keda(cluster).pause("me"))
    assert (status.holder, status.until) == ("me", None)


@pytest.mark.parametrize("foreign", [{PAUSED: "true"}, {PAUSED_REPLICAS: "2"}])
def test_a_foreign_pause_keeps_both_from_being_written(foreign: dict[str, str | None]) -> None:
    cluster = TurnedCluster()
    cluster.annotate("decode", foreign)
    with pytest.raises(PausedByOther, match=f"somebody else: {DECODE} has autoscaling"):
        cluster.run(keda(cluster).pause("me"))
    assert cluster.written() == []


def test_a_foreign_pause_that_comes_while_we_pause_is_left_and_ours_rolled_back() -> None:
    cluster = TurnedCluster()
    foreign: dict[str, str | None] = {PAUSED: "true"}
    cluster.meddle("PATCH", PREFILL, lambda: cluster.annotate("decode", foreign))
    with pytest.raises(PausedByOther, match=f"{DECODE} has {PAUSED}: true"):
        cluster.run(keda(cluster).pause("me"))
    assert annotations(cluster) == [{}, foreign]


def test_a_foreign_pause_between_look_and_write_is_seen() -> None:
    cluster = TurnedCluster()
    foreign: dict[str, str | None] = {PAUSED: "true"}
    cluster.meddle("PATCH", DECODE, lambda: cluster.annotate("decode", foreign))
    with pytest.raises(PausedByOther):
        cluster.run(keda(cluster).pause("me"))
    assert annotations(cluster) == [{}, foreign]


def test_force_takes_a_foreign_pause_over_whatever_its_form() -> None:
    cluster = TurnedCluster()
    cluster.annotate("prefill", {PAUSED: "yes"})
    cluster.annotate("decode", {PAUSED_REPLICAS: "2"})
    cluster.run(keda(cluster).pause("me", force=True))
    assert annotations(cluster) == [OURS, OURS]


@pytest.mark.parametrize("foreign", [{PAUSED: "yes"}, {PAUSED_REPLICAS: "2"}])
def test_a_take_over_that_fails_gives_the_foreign_pause_back(
    foreign: dict[str, str | None],
) -> None:
    cluster = TurnedCluster()
    cluster.annotate("decode", foreign)
    cluster.keda_late_s = None
    with pytest.raises(HpaLate):
        cluster.run(keda(cluster).pause("me", force=True, until=UNTIL))
    assert annotations(cluster) == [{}, foreign]


def test_a_take_over_that_fails_leaves_who_has_taken_it_over_since() -> None:
    cluster = TurnedCluster()
    cluster.annotate("decode", {PAUSED: "true"})
    cluster.keda_late_s = None
    theirs: dict[str, str | None] = {names.ANNOTATION_PAUSED_BY: "next"}
    cluster.loop.call_later(5.0, cluster.annotate, "decode", theirs)
    with pytest.raises(HpaLate):
        cluster.run(keda(cluster).pause("me", force=True))
    assert annotations(cluster) == [{}, {PAUSED: "true", names.ANNOTATION_PAUSED_BY: "next"}]


def test_a_resume_leaves_a_foreign_pause_and_does_not_wait_for_its_end() -> None:
    cluster = paused()
    cluster.annotate("decode", {PAUSED_REPLICAS: "2"})
    cluster.annotate("prefill", {PAUSED: None, names.ANNOTATION_PAUSED_BY: None})
    cluster.annotate("prefill", {PAUSED: "true"})
    begun_s = cluster.clock()
    status = cluster.run(keda(cluster).resume())
    assert status.state == "paused-by-other"
    assert annotations(cluster) == [{PAUSED: "true"}, {PAUSED_REPLICAS: "2"}]
    assert cluster.ended_s == begun_s


def test_force_ends_every_pause_and_writes_nothing_where_there_is_none() -> None:
    cluster = TurnedCluster()
    cluster.annotate("decode", {PAUSED: "true", PAUSED_REPLICAS: "2"})
    cluster.turn(1.0)
    assert cluster.run(keda(cluster).resume(force=True)).state == "active"
    assert annotations(cluster) == [{}, {}]
    assert [each.path for each in cluster.written()] == [f"{SCALED_OBJECT.plural}/{DECODE}"]


def test_a_resume_for_a_holder_ends_its_pause_and_no_other() -> None:
    cluster = paused()
    cluster.run(keda(cluster).resume("somebody"))
    assert cluster.written() == []
    assert cluster.run(keda(cluster).resume("me")).state == "active"


# -- refusals and races ----------------------------------------------------------------------------


def test_a_pause_that_is_denied_for_one_scaler_is_rolled_back_for_the_other() -> None:
    cluster = TurnedCluster()
    cluster.fail("PATCH", DECODE, Denied("ask the boss"))
    with pytest.raises(Denied, match="ask the boss"):
        cluster.run(keda(cluster).pause("me"))
    assert annotations(cluster) == [{}, {}]


def test_what_has_stood_before_outlives_a_pause_that_fails() -> None:
    cluster = paused()
    cluster.annotate("decode", dict.fromkeys(OURS))
    cluster.keda_late_s = None
    cluster.make(HPA.plural, names.hpa(DECODE), {})
    with pytest.raises(HpaLate):
        cluster.run(keda(cluster).pause("me"))
    assert annotations(cluster) == [OURS, {}]


def test_a_pause_that_had_an_end_does_not_outlive_one_without_that_fails() -> None:
    cluster = TurnedCluster()
    cluster.run(keda(cluster).pause("me", until=UNTIL))
    cluster.fail("PATCH", DECODE, Denied("no"))
    with pytest.raises(Denied):
        cluster.run(keda(cluster).pause("me"))
    assert annotations(cluster)[0] == {}


def test_a_resume_that_is_denied_for_one_scaler_is_done_for_the_other_and_said() -> None:
    cluster = paused()
    cluster.fail("PATCH", PREFILL, Denied("ask the boss"))
    with pytest.raises(Denied, match="ask the boss"):
        cluster.run(keda(cluster).resume())
    assert annotations(cluster) == [OURS, {}]


def test_of_two_failures_the_first_is_said() -> None:
    cluster = paused()
    cluster.fail("PATCH", PREFILL, Denied("first"))
    cluster.fail("PATCH", DECODE, Unreachable("second"))
    with pytest.raises(KubeError, match="first"):
        cluster.run(keda(cluster).resume())


@pytest.mark.parametrize("lost", [1, 4])
def test_a_race_is_run_again_up_to_four_times(lost: int) -> None:
    cluster = TurnedCluster()
    cluster.fail("PATCH", PREFILL, Conflict("keda was faster"), times=lost)
    assert cluster.run(keda(cluster).pause("me")).state == "paused-by-us"
    assert len(cluster.written()) == lost + 2


def test_a_race_that_is_lost_five_times_is_given_up() -> None:
    cluster = paused()
    cluster.fail("PATCH", PREFILL, Conflict("keda was faster"), times=-1)
    with pytest.raises(Conflict):
        cluster.run(keda(cluster).resume())
    assert [each.path.endswith(PREFILL) for each in cluster.written()] == [True] * 5 + [False]
