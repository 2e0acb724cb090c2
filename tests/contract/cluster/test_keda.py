"""Pausing is all or nothing, the HPA is the truth, and nobody else's pause is touched."""

import asyncio

import pytest

from gtc_rehearsal.kube_api.resources import SCALED_OBJECT
from gtc_runtime.cluster.api.errors import Denied, Fenced, KubeError
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.keda import HpaLate, Keda, PausedByOther
from gtc_runtime.cluster.keda_status import scaler_state
from gtc_spec import names
from gtc_spec.pools import ROLES
from tests.faulty_api.faults import Fault

from .conftest import NAMESPACE, Cluster

OURS = {names.ANNOTATION_PAUSED: "true", names.ANNOTATION_PAUSED_BY: "me"}
PAUSED = names.ANNOTATION_PAUSED
PAUSED_REPLICAS = names.ANNOTATION_PAUSED_REPLICAS

Playing = asyncio.Task[None]


async def test_a_pause_returns_only_when_both_hpas_are_gone(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    status = await Keda(kube).pause("me")
    assert cluster.hpas() == set()
    assert (status.state, status.holder) == ("paused-by-us", "me")
    assert [cluster.annotations(role) for role in ROLES] == [OURS, OURS]


async def test_a_resume_returns_only_when_both_hpas_are_back(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("me")
    status = await Keda(kube).resume()
    assert len(cluster.hpas()) == 2
    assert (status.state, status.reason) == ("active", "")
    assert [cluster.annotations(role) for role in ROLES] == [{}, {}]


async def test_an_hpa_that_does_not_go_rolls_the_pause_back(cluster: Cluster, kube: Kube) -> None:
    with pytest.raises(HpaLate, match="keda-hpa-gtc-demo-prefill-scaler"):
        await Keda(kube, hpa_deadline_s=0.3).pause("me")
    assert [cluster.annotations(role) for role in ROLES] == [{}, {}]


async def test_an_hpa_that_does_not_come_back_is_said_after_the_resume(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("me")
    keda_plays.cancel()
    with pytest.raises(HpaLate, match="is not back"):
        await Keda(kube, hpa_deadline_s=0.3).resume()
    assert [cluster.annotations(role) for role in ROLES] == [{}, {}]


@pytest.mark.parametrize("refused", ROLES)
async def test_when_one_patch_is_denied_neither_is_paused(
    cluster: Cluster, kube: Kube, keda_plays: Playing, refused: str
) -> None:
    cluster.faults.add(Fault("PATCH", f"gtc-demo-{refused}-scaler", 403, times=1))
    with pytest.raises(Denied):
        await Keda(kube).pause("me")
    assert [cluster.annotations(role) for role in ROLES] == [{}, {}]


async def test_a_pause_whose_answer_is_lost_is_rolled_back_too(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    cluster.faults.add(Fault("PATCH", "gtc-demo-decode-scaler", 503, after=True, times=1))
    with pytest.raises(KubeError):
        await Keda(kube).pause("me")
    assert [cluster.annotations(role) for role in ROLES] == [{}, {}]


@pytest.mark.parametrize(
    "foreign", [{PAUSED: "true"}, {PAUSED: "yes please"}, {PAUSED_REPLICAS: "2"}]
)
async def test_a_foreign_pause_is_named_and_left_alone(
    cluster: Cluster, kube: Kube, keda_plays: Playing, foreign: dict[str, str]
) -> None:
    cluster.annotate("decode", **foreign)
    with pytest.raises(PausedByOther, match="gtc-demo-decode-scaler has autoscaling"):
        await Keda(kube).pause("me")
    status = await Keda(kube).resume()
    assert status.state == "paused-by-other"
    assert cluster.annotations("decode") == foreign
    assert cluster.annotations("prefill") == {}


async def test_a_foreign_pause_is_taken_over_by_force(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    cluster.annotate("decode", **{PAUSED_REPLICAS: "2"})
    await Keda(kube).pause("me", force=True)
    assert cluster.annotations("decode") == OURS


async def test_a_foreign_pause_is_ended_by_force(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    cluster.annotate("decode", **{PAUSED_REPLICAS: "2"})
    assert (await Keda(kube).resume(force=True)).state == "active"


async def test_paused_replicas_beside_our_pause_counts_as_foreign(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("me")
    cluster.annotate("decode", **{PAUSED_REPLICAS: "2"})
    status = await Keda(kube).resume()
    assert status.state == "paused-by-other"
    assert cluster.annotations("decode") == {PAUSED_REPLICAS: "2"}


async def test_a_resume_for_one_holder_leaves_the_pause_of_another(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("me")
    await Keda(kube).resume("somebody")
    assert [cluster.annotations(role) for role in ROLES] == [OURS, OURS]


async def test_the_pause_of_a_dead_predecessor_is_adopted(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("dead")
    assert (await Keda(kube).pause("me")).holder == "me"


async def test_one_scaler_that_cannot_be_resumed_does_not_keep_the_other_paused(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("me")
    cluster.faults.add(Fault("PATCH", "gtc-demo-prefill-scaler", 403, times=1))
    with pytest.raises(Denied):
        await Keda(kube).resume()
    assert cluster.annotations("decode") == {}


async def test_keda_that_is_absent_is_a_state(cluster: Cluster, kube: Kube) -> None:
    for role in ROLES:
        cluster.store.delete(SCALED_OBJECT, names.scaler(role), NAMESPACE)
    assert (await Keda(kube).pause("me")).state == "absent"
    assert (await Keda(kube).resume()).state == "absent"


async def test_one_scaler_alone_is_paused_alone(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    cluster.store.delete(SCALED_OBJECT, names.scaler("decode"), NAMESPACE)
    status = await Keda(kube).pause("me")
    assert status.state == "paused-by-us"
    assert "gtc-demo-decode-scaler does not exist" in status.reason


async def test_who_does_not_hold_the_lease_neither_pauses_nor_resumes(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    fenced = Keda(kube.fenced(lambda: False))
    with pytest.raises(Fenced):
        await fenced.pause("me")
    await Keda(kube).pause("me")
    with pytest.raises(Fenced):
        await fenced.resume()
    assert [cluster.annotations(role) for role in ROLES] == [OURS, OURS]


async def test_a_write_of_keda_in_between_costs_one_more_look(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    cluster.faults.add(Fault("PATCH", "scaledobjects", 409, times=3))
    assert (await Keda(kube).pause("me")).state == "paused-by-us"


@pytest.mark.parametrize("text", ["false", "False", "FALSE", "f", "F", "0"])
def test_whatever_go_reads_as_false_is_not_a_pause(text: str) -> None:
    assert scaler_state(annotated({PAUSED: text}), hpa_present=True).pause == ""


@pytest.mark.parametrize("text", ["true", "1", "", "no", "fAlse", "off"])
def test_any_other_text_is_a_pause(text: str) -> None:
    assert scaler_state(annotated({PAUSED: text}), hpa_present=True).pause == f"{PAUSED}: {text}"


def test_paused_replicas_wins_over_paused_false() -> None:
    state = scaler_state(annotated({PAUSED: "false", PAUSED_REPLICAS: "0"}), hpa_present=False)
    assert state.foreign_pause == f"{PAUSED_REPLICAS}: 0"


def test_a_partial_pause_is_named_and_is_no_pause() -> None:
    key = "autoscaling.keda.sh/paused-scale-in"
    state = scaler_state(annotated({key: "true"}), hpa_present=True)
    assert (state.pause, state.held) == ("", f"{key}: true")


def test_annotations_of_any_shape_are_read() -> None:
    for odd in ({}, {"metadata": None}, {"metadata": {"annotations": None}}, {"metadata": 3}):
        assert scaler_state(odd, hpa_present=True).pause == ""


def annotated(annotations: dict[str, str]) -> dict[str, object]:
    return {"metadata": {"annotations": annotations}}


@pytest.mark.parametrize("foreign", [{PAUSED: "yes please"}, {PAUSED_REPLICAS: "2"}])
async def test_a_take_over_that_fails_gives_a_foreign_pause_back(
    cluster: Cluster, kube: Kube, foreign: dict[str, str]
) -> None:
    """Nobody plays KEDA, so that its HPAs never go."""
    cluster.annotate("decode", **foreign)
    with pytest.raises(HpaLate):
        await Keda(kube, hpa_deadline_s=0.3).pause("me", force=True)
    assert cluster.annotations("decode") == foreign
    assert cluster.annotations("prefill") == {}


async def test_a_hold_in_one_direction_is_named_and_outlives_our_pause(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    theirs = {"autoscaling.keda.sh/paused-scale-in": "true"}
    cluster.annotate("decode", **theirs)
    assert (await Keda(kube).status()).held == f"gtc-demo-decode-scaler has {HELD}"
    await Keda(kube).pause("me")
    await Keda(kube).resume()
    assert cluster.annotations("decode") == theirs


HELD = "autoscaling.keda.sh/paused-scale-in: true"
