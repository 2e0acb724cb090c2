"""Scalers may go as far as the GPUs go, each alone and both together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_constructs.serving.shared_gpus import SharedGpus
from gtc_spec.errors import UsageError

few = st.integers(1, 12)


def eight(per_worker: int = 1) -> SharedGpus:
    return SharedGpus(total=8, per_worker=per_worker, initial={"P": 2, "D": 2})


def test_workers_at_rest_must_fit() -> None:
    with pytest.raises(UsageError, match=r"3 P \+ 6 D need 9 gpus, allowed: at most 8"):
        SharedGpus(total=8, per_worker=1, initial={"P": 3, "D": 6})


def test_one_pool_leaves_a_worker_to_the_other() -> None:
    with pytest.raises(UsageError, match="allowed: at most 7"):
        eight().reserve("P", 8, allow_pending=False)
    eight().reserve("P", 7, allow_pending=False)


def test_two_scalers_must_fit_together() -> None:
    gpus = eight()
    gpus.reserve("P", 4, allow_pending=False)
    with pytest.raises(UsageError, match=r"maxima 4 P \+ 5 D need 9 gpus, allowed: at most 8"):
        gpus.reserve("D", 5, allow_pending=False)


def test_a_pool_without_a_scaler_counts_with_its_workers_at_rest() -> None:
    gpus = eight()
    gpus.reserve("P", 7, allow_pending=False)
    assert "7 P + 2 D need 9 gpus" in gpus.overcommitted()


def test_pending_workers_are_allowed_on_request_only() -> None:
    gpus = SharedGpus(total=3, per_worker=1, initial={"P": 1, "D": 1})
    gpus.reserve("P", 2, allow_pending=True)
    gpus.reserve("D", 2, allow_pending=True)
    assert gpus.overcommitted() == ""


def test_a_worker_of_two_gpus_counts_twice() -> None:
    with pytest.raises(UsageError, match="allowed: at most 3"):
        eight(per_worker=2).reserve("P", 4, allow_pending=False)


@given(spare=st.integers(0, 12), per_worker=few, rest=few, first=few, second=few)
def test_two_maxima_are_accepted_exactly_if_they_fit(
    spare: int, per_worker: int, rest: int, first: int, second: int
) -> None:
    total = 2 * rest * per_worker + spare
    gpus = SharedGpus(total=total, per_worker=per_worker, initial={"P": rest, "D": rest})

    def reserve() -> None:
        gpus.reserve("P", first, allow_pending=False)
        gpus.reserve("D", second, allow_pending=False)

    if (first + second) * per_worker <= total:
        reserve()
        assert gpus.overcommitted() == ""
    else:
        with pytest.raises(UsageError, match="allowed: at most"):
            reserve()
