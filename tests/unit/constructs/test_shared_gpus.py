"""Scalers may go as far as the GPUs go, each alone and all of a node pool together."""

from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_constructs.serving.shared_gpus import SharedGpus
from gtc_spec.errors import UsageError

few = st.integers(1, 12)


def shared(total: int = 8, per_worker: int = 1, **initial: int) -> SharedGpus:
    gpus = SharedGpus(total=total)
    gpus.take("llm", per_worker=per_worker, initial=initial or {"P": 2, "D": 2})
    return gpus


def test_workers_at_rest_must_fit() -> None:
    with pytest.raises(UsageError, match=r"3 P \+ 6 D need 9 gpus, allowed: at most 8"):
        shared(P=3, D=6)


def test_one_pool_leaves_a_worker_to_the_other() -> None:
    with pytest.raises(UsageError, match="1 of them for the other pool, allowed: at most 7"):
        shared().reserve("llm", "P", 8, allow_pending=False)
    shared().reserve("llm", "P", 7, allow_pending=False)


def test_two_scalers_must_fit_together() -> None:
    gpus = shared()
    gpus.reserve("llm", "P", 4, allow_pending=False)
    with pytest.raises(UsageError, match=r"maxima 4 P \+ 5 D need 9 gpus, allowed: at most 8"):
        gpus.reserve("llm", "D", 5, allow_pending=False)


def test_a_pool_without_a_scaler_counts_with_its_workers_at_rest() -> None:
    gpus = shared()
    gpus.reserve("llm", "P", 7, allow_pending=False)
    assert "7 P + 2 D need 9 gpus" in gpus.overcommitted()


def test_pending_workers_are_allowed_on_request_only() -> None:
    gpus = shared(total=3, P=1, D=1)
    gpus.reserve("llm", "P", 2, allow_pending=True)
    gpus.reserve("llm", "D", 2, allow_pending=True)
    assert gpus.overcommitted() == ""


def test_who_allows_pending_workers_does_not_allow_them_for_its_neighbours() -> None:
    gpus = shared(total=4, P=1, D=1)
    gpus.take("other", per_worker=1, initial={"D": 1})
    gpus.reserve("llm", "P", 4, allow_pending=True)
    gpus.reserve("llm", "D", 2, allow_pending=False)
    with pytest.raises(UsageError, match=r"2 D of llm \+ 2 D of other need 5 gpus"):
        gpus.reserve("other", "D", 2, allow_pending=False)


def test_a_worker_of_two_gpus_counts_twice() -> None:
    with pytest.raises(UsageError, match="2 of them for the other pool, allowed: at most 3"):
        shared(per_worker=2).reserve("llm", "P", 4, allow_pending=False)


def test_a_second_deployment_gets_what_the_first_left() -> None:
    gpus = shared(P=2, D=3)

    with pytest.raises(UsageError) as caught:
        gpus.take("other", per_worker=2, initial={"W": 2})

    assert caught.value.message == (
        "2 W of other need 4 gpus, allowed: at most 3 of 8, 5 of them for llm"
    )
    gpus.take("other", per_worker=1, initial={"W": 3})


def test_scalers_of_two_deployments_must_fit_together() -> None:
    gpus = shared(total=16, P=2, D=2)
    gpus.take("other", per_worker=4, initial={"W": 1})
    gpus.reserve("llm", "P", 4, allow_pending=False)
    gpus.reserve("llm", "D", 5, allow_pending=False)

    with pytest.raises(UsageError, match=r"4 P of llm \+ 5 D of llm \+ 2 W of other need 17 gpus"):
        gpus.reserve("other", "W", 2, allow_pending=False)


def two_nodes(**initial: int) -> SharedGpus:
    gpus = SharedGpus(total=16, per_node=8)
    gpus.take("llm", per_worker=3, initial=initial)
    return gpus


def test_workers_at_rest_must_fit_whole_nodes() -> None:
    two_nodes(W=4)

    with pytest.raises(UsageError) as caught:
        two_nodes(W=5)

    assert caught.value.message == (
        "5 W need 3 gpus of one node each, allowed: at most 4 on 2 nodes of 8"
    )


def test_what_is_left_of_nodes_goes_to_workers_that_it_is_enough_for() -> None:
    gpus = two_nodes(W=4)
    with pytest.raises(UsageError) as caught:
        gpus.take("other", per_worker=4, initial={"W": 1})
    assert caught.value.message == (
        "1 W of other need 4 gpus of one node each, allowed: at most 0 on 2 nodes of 8, "
        "beside those of llm"
    )
    gpus.take("small", per_worker=2, initial={"W": 2})


def test_the_maximum_of_a_scaler_must_fit_whole_nodes() -> None:
    gpus = two_nodes(P=1, D=1)
    with pytest.raises(UsageError) as caught:
        gpus.reserve("llm", "D", 4, allow_pending=False)
    assert caught.value.message == (
        "max_replicas=4 of D can never be had from 16 gpus on 2 nodes of 8 at 3 a worker, "
        "3 of them for the other pool, allowed: at most 3"
    )
    gpus.reserve("llm", "D", 3, allow_pending=False)


def test_two_maxima_must_fit_whole_nodes_together() -> None:
    gpus = two_nodes(P=1, D=1)
    gpus.reserve("llm", "D", 3, allow_pending=False)
    with pytest.raises(UsageError) as caught:
        gpus.reserve("llm", "P", 2, allow_pending=False)
    assert caught.value.message == (
        "maxima 2 P + 3 D need 15 gpus, allowed: at most 16 on 2 nodes of 8, each worker on one"
    )


@given(nodes=st.integers(1, 4), per_worker=st.integers(1, 8), workers=st.integers(1, 33))
def test_workers_of_one_size_fit_exactly_as_often_as_nodes_hold_them(
    nodes: int, per_worker: int, workers: int
) -> None:
    gpus = SharedGpus(total=8 * nodes, per_node=8)
    if workers <= nodes * (8 // per_worker):
        gpus.take("llm", per_worker=per_worker, initial={"W": workers})
    else:
        with pytest.raises(UsageError, match="allowed: at most"):
            gpus.take("llm", per_worker=per_worker, initial={"W": workers})


@given(spare=st.integers(0, 12), per_worker=few, rest=few, first=few, second=few)
def test_two_maxima_are_accepted_exactly_if_they_fit(
    spare: int, per_worker: int, rest: int, first: int, second: int
) -> None:
    total = 2 * rest * per_worker + spare
    gpus = shared(total, per_worker, P=rest, D=rest)

    def reserve() -> None:
        gpus.reserve("llm", "P", first, allow_pending=False)
        gpus.reserve("llm", "D", second, allow_pending=False)

    if (first + second) * per_worker <= total:
        reserve()
        assert gpus.overcommitted() == ""
    else:
        with pytest.raises(UsageError, match="allowed: at most"):
            reserve()


@cache
def can_stand(free: tuple[int, ...], sizes: tuple[int, ...]) -> bool:
    """Whether workers of these sizes can be put on nodes with so many GPUs left, one by one."""
    return not sizes or any(
        can_stand(tuple(sorted([*free[:at], left - sizes[0], *free[at + 1 :]])), sizes[1:])
        for at, left in enumerate(free)
        if left >= sizes[0]
    )


def taken(sizes: tuple[int, ...], *, nodes: int, per_node: int) -> bool:
    gpus = SharedGpus(total=nodes * per_node, per_node=per_node)
    try:
        for size, workers in sorted(Counter(sizes).items()):
            gpus.take(f"of {size}", per_worker=size, initial={"W": workers})
    except UsageError:
        return False
    return True


@pytest.mark.parametrize(("per_node", "sizes"), [(8, (4, 3, 3, 2, 2, 2)), (11, (5, 5, 3, 3, 3, 3))])
def test_workers_that_the_largest_first_leaves_no_node_are_placed_in_another_order(
    per_node: int, sizes: tuple[int, ...]
) -> None:
    assert taken(sizes, nodes=2, per_node=per_node)
    assert not taken((*sizes, 1), nodes=2, per_node=per_node)


@given(
    nodes=st.integers(1, 3),
    per_node=st.integers(6, 12),
    sizes=st.lists(st.integers(1, 8), min_size=1, max_size=9).map(tuple),
)
def test_a_few_workers_of_any_sizes_are_taken_exactly_if_they_can_be_placed(
    nodes: int, per_node: int, sizes: tuple[int, ...]
) -> None:
    assert taken(sizes, nodes=nodes, per_node=per_node) == can_stand((per_node,) * nodes, sizes)


def test_many_workers_of_many_sizes_are_not_tried_in_every_way() -> None:
    sizes = (1, 2, 3, 4, 5, 6, 7) * 12
    assert not taken(sizes, nodes=41, per_node=8)
