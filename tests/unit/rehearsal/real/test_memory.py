"""How much of a GPU each worker takes."""

from __future__ import annotations

import pytest

from gtc_rehearsal.dynamo.real import memory
from gtc_rehearsal.dynamo.real.gpus import Gpu
from gtc_rehearsal.dynamo.real.vllm_worker import vllm_settings
from gtc_spec import environment
from gtc_spec.errors import GtcError

H200 = Gpu(0, "NVIDIA H200", 143_771)
DEV = vllm_settings(environment.load("dev"), "python", random=True)
PROD = vllm_settings(environment.load("prod"), "python", random=True)
GIB = 2**30


def test_a_worker_that_is_alone_measures_its_own_pool() -> None:
    plan = memory.plan(H200, 1, DEV.weights_gib, DEV.sequence_bytes)

    assert plan == memory.MemoryPlan(0.9, None)


@pytest.mark.parametrize("share", [2, 3, 4])
def test_workers_that_share_are_given_no_more_than_the_gpu_has(share: int) -> None:
    plan = memory.plan(H200, share, DEV.weights_gib, DEV.sequence_bytes)
    assert plan.kv_bytes is not None
    each_gib = DEV.weights_gib + plan.kv_bytes / GIB + memory.RESERVE_MIB / 1024

    assert share * each_gib <= 143_771 / 1024 * memory.TOGETHER + 0.1
    assert plan.fraction * share <= memory.TOGETHER + 0.01


def test_two_8b_workers_of_one_h200_have_about_forty_gib_of_cache_each() -> None:
    plan = memory.plan(H200, 2, DEV.weights_gib, DEV.sequence_bytes)

    assert plan.kv_bytes is not None
    assert 40 < plan.kv_bytes / GIB < 42


def test_a_70b_worker_in_fp8_fits_an_h200_alone_and_no_second_one() -> None:
    memory.plan(H200, 1, PROD.weights_gib, PROD.sequence_bytes)

    with pytest.raises(GtcError, match=r"a worker needs 76 GiB and has 62 GiB of gpu 0"):
        memory.plan(H200, 2, PROD.weights_gib, PROD.sequence_bytes)


def test_a_pool_below_the_longest_request_is_refused() -> None:
    small = Gpu(3, "NVIDIA L4", 23_034)

    with pytest.raises(GtcError, match=r"has 20 GiB of gpu 3 \(NVIDIA L4\)"):
        memory.plan(small, 1, DEV.weights_gib, DEV.sequence_bytes)
