"""How long a ratio must stay as set, how often it is set again, and what is never ordered."""

import pytest

from gtc_runtime.cluster.api.errors import Denied, KubeError, NotFound, Unreachable
from gtc_runtime.cluster.scaling import ScaleReverted, Scaling
from gtc_spec import names
from gtc_spec.errors import UsageError
from gtc_spec.kinds import DGDSA, POD
from gtc_spec.pools import PDRatio, Role
from tests.turned_clock import TurnedCluster

GPUS = 8
SCALES: dict[str, Role] = {
    f"{DGDSA.plural}/{names.pool_dgdsa('prefill')}/scale": "prefill",
    f"{DGDSA.plural}/{names.pool_dgdsa('decode')}/scale": "decode",
}


def set_ratio(cluster: TurnedCluster, prefill: int, decode: int) -> float:
    """Set a ratio; returns how many seconds it took."""
    scaling = Scaling(cluster.kube, GPUS, cluster.clock)
    begun_s = cluster.clock()
    cluster.run(scaling.set_ratio(PDRatio(prefill, decode)))
    return cluster.ended_s - begun_s


def ordered(cluster: TurnedCluster) -> list[Role]:
    """The pools that were written, in order."""
    return [SCALES[each.path] for each in cluster.written()]


def denied(cluster: TurnedCluster, role: Role) -> None:
    """A webhook denies every change of a pool."""
    cluster.fail("PATCH", f"{names.pool_dgdsa(role)}/scale", Denied("ask the boss"), times=-1)


def remove(cluster: TurnedCluster, role: Role) -> None:
    cluster.server.delete(DGDSA.plural, names.pool_dgdsa(role))


def test_a_ratio_counts_once_it_was_left_alone_for_two_seconds() -> None:
    cluster = TurnedCluster()
    # seen as set after one look of half a second, and two seconds later for the last time
    assert set_ratio(cluster, 4, 3) == 2.5
    assert ordered(cluster) == ["prefill"]
    assert len(cluster.asked) - 1 == 2 * 6


def test_who_holds_a_ratio_for_less_than_a_look_looks_that_often() -> None:
    cluster = TurnedCluster()
    cluster.run(Scaling(cluster.kube, GPUS, cluster.clock, hold_s=0.25).set_ratio(PDRatio(4, 3)))
    assert cluster.ended_s == 100.5


def test_a_ratio_that_is_there_already_is_done_at_once() -> None:
    cluster = TurnedCluster()
    assert set_ratio(cluster, 2, 3) == 0.0
    assert cluster.written() == []


def test_a_scale_that_is_put_back_late_is_ordered_again_and_held_anew() -> None:
    cluster = TurnedCluster()
    cluster.loop.call_later(1.9, cluster.order, "prefill", 2)
    assert set_ratio(cluster, 4, 3) == 4.5
    assert ordered(cluster) == ["prefill", "prefill"]
    assert cluster.desired("prefill") == 4


def test_a_scale_that_is_always_put_back_is_ordered_five_times() -> None:
    cluster = TurnedCluster()
    cluster.meddle("PATCH", "/scale", lambda: cluster.order("prefill", 2), times=-1, after=True)
    with pytest.raises(ScaleReverted, match="4P:3D was put back to 2P:3D, 5 times"):
        set_ratio(cluster, 4, 3)
    assert len(cluster.written()) == 5
    assert cluster.ended_s == 102.5


def test_a_scale_is_ordered_again_until_twenty_seconds_have_passed() -> None:
    cluster = TurnedCluster()
    cluster.meddle("PATCH", "/scale", lambda: cluster.order("prefill", 2), after=True)
    cluster.delay("PATCH", "/scale", 19.5)
    assert set_ratio(cluster, 4, 3) == 22.5
    assert cluster.desired("prefill") == 4


def test_a_scale_is_not_ordered_again_when_twenty_seconds_have_passed() -> None:
    cluster = TurnedCluster()
    cluster.meddle("PATCH", "/scale", lambda: cluster.order("prefill", 2), after=True)
    cluster.delay("PATCH", "/scale", 20.0)
    with pytest.raises(ScaleReverted, match="1 times"):
        set_ratio(cluster, 4, 3)
    assert cluster.ended_s == 120.5


def test_all_gpus_may_be_ordered_and_one_worker_a_pool_is_enough() -> None:
    cluster = TurnedCluster()
    set_ratio(cluster, 4, 4)
    assert (cluster.desired("prefill"), cluster.desired("decode")) == (4, 4)
    set_ratio(cluster, 1, 1)
    assert (cluster.desired("prefill"), cluster.desired("decode")) == (1, 1)


@pytest.mark.parametrize(
    ("prefill", "decode", "said"),
    [
        (0, 3, "empties a pool"),
        (2, 0, "empties a pool"),
        (4, 5, "needs 9 GPUs, allowed: at most 8"),
    ],
)
def test_an_impossible_ratio_is_refused_before_any_request(
    prefill: int, decode: int, said: str
) -> None:
    cluster = TurnedCluster()
    with pytest.raises(UsageError, match=said):
        set_ratio(cluster, prefill, decode)
    assert cluster.asked == []


@pytest.mark.parametrize(
    ("before", "after", "first"),
    [
        (PDRatio(1, 5), PDRatio(3, 4), "decode"),
        (PDRatio(1, 5), PDRatio(5, 1), "decode"),
        (PDRatio(5, 1), PDRatio(4, 3), "prefill"),
    ],
)
def test_the_pool_that_shrinks_is_ordered_first(
    before: PDRatio, after: PDRatio, first: Role
) -> None:
    cluster = TurnedCluster(before)
    set_ratio(cluster, after.prefill, after.decode)
    assert ordered(cluster)[0] == first
    assert len(ordered(cluster)) == 2


@pytest.mark.parametrize(("missing", "prefill", "decode"), [("prefill", 2, 5), ("decode", 4, 2)])
def test_a_pool_without_an_adapter_grows_from_nothing_and_the_other_is_set(
    missing: Role, prefill: int, decode: int
) -> None:
    cluster = TurnedCluster()
    remove(cluster, missing)
    with pytest.raises(NotFound):
        set_ratio(cluster, prefill, decode)
    # both grow by two, and so in the order of the pools
    assert ordered(cluster) == ["prefill", "decode"]
    other: Role = "decode" if missing == "prefill" else "prefill"
    assert cluster.desired(other) == {"prefill": prefill, "decode": decode}[other]


def test_a_pool_that_is_denied_is_asked_once_and_the_other_is_set_and_held() -> None:
    cluster = TurnedCluster()
    denied(cluster, "prefill")
    with pytest.raises(Denied, match="ask the boss"):
        set_ratio(cluster, 3, 4)
    assert sorted(ordered(cluster)) == ["decode", "prefill"]
    assert cluster.desired("decode") == 4
    assert cluster.ended_s == 102.5


@pytest.mark.parametrize(("decode", "set_to"), [(4, 4), (5, 3)])
def test_a_pool_grows_beside_a_denied_shrink_up_to_the_last_gpu_and_no_further(
    decode: int, set_to: int
) -> None:
    cluster = TurnedCluster(PDRatio(4, 3))
    denied(cluster, "prefill")
    with pytest.raises(Denied):
        set_ratio(cluster, 2, decode)
    assert cluster.desired("decode") == set_to


def test_a_pool_shrinks_beside_a_denied_shrink_although_there_are_too_many() -> None:
    cluster = TurnedCluster(PDRatio(6, 4))
    denied(cluster, "prefill")
    with pytest.raises(Denied):
        set_ratio(cluster, 5, 3)
    assert cluster.desired("decode") == 3


def test_nothing_is_ordered_for_a_missing_pool_beside_a_shrink_that_keeps_every_gpu() -> None:
    cluster = TurnedCluster(PDRatio(8, 3))
    remove(cluster, "decode")
    denied(cluster, "prefill")
    with pytest.raises(Denied):
        set_ratio(cluster, 2, 1)
    assert ordered(cluster) == ["prefill"]


def test_an_api_that_does_not_answer_ends_it_at_once() -> None:
    cluster = TurnedCluster()
    cluster.fail("PATCH", "/scale", Unreachable("no answer"))
    with pytest.raises(Unreachable):
        set_ratio(cluster, 4, 4)
    assert len(ordered(cluster)) == 1


def test_an_adapter_of_any_shape_is_read() -> None:
    cluster = TurnedCluster()
    cluster.server.patch(DGDSA.plural, names.pool_dgdsa("prefill"), {"spec": None})
    cluster.server.patch(DGDSA.plural, names.pool_dgdsa("decode"), {"spec": {"replicas": "3"}})
    pools = cluster.run(Scaling(cluster.kube, GPUS, cluster.clock).read())
    assert [pools["prefill"].desired, pools["decode"].desired] == [None, None]
    assert pools["prefill"].reasons == (f"no scaling adapter {names.pool_dgdsa('prefill')}",)


def test_a_pool_is_read_from_its_adapter_and_the_pods_with_its_labels() -> None:
    cluster = TurnedCluster()
    labels = names.pod_labels(names.service("decode"))
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    cluster.make(POD.plural, "d0", {"metadata": {"labels": labels}, "status": ready})
    pools = cluster.run(Scaling(cluster.kube, GPUS, cluster.clock).read())
    assert (pools["prefill"].desired, pools["prefill"].ready) == (2, 0)
    assert (pools["decode"].desired, pools["decode"].ready) == (3, 1)
    assert pools["decode"].reasons == ()


def test_a_cluster_that_refuses_to_be_read_is_an_error() -> None:
    cluster = TurnedCluster()
    cluster.fail("GET", DGDSA.plural, KubeError("no"))
    with pytest.raises(KubeError):
        cluster.run(Scaling(cluster.kube, GPUS, cluster.clock).read())


def test_the_pools_of_another_engine_are_found_by_its_names() -> None:
    cluster = TurnedCluster()
    pools = cluster.run(Scaling(cluster.kube, GPUS, cluster.clock, engine="vllm").read())
    assert pools["decode"].reasons == ("no scaling adapter gtc-demo-vllmdecodeworker",)
    for role, workers in (("prefill", 1), ("decode", 4)):
        adapter = names.pool_dgdsa(role, "vllm")
        cluster.make(DGDSA.plural, adapter, {"spec": {"replicas": workers}})
    pools = cluster.run(Scaling(cluster.kube, GPUS, cluster.clock, engine="vllm").read())
    assert [pools["prefill"].desired, pools["decode"].desired] == [1, 4]
