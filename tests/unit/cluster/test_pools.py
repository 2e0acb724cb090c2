"""Counting the pods of a pool, whatever the pods look like."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.cluster.pools import pool_state

odd = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.none(), max_size=1)
conditions = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["Ready", "PodScheduled", "Initialized"])},
        optional={"status": st.sampled_from(["True", "False", "Unknown"]), "message": odd},
    )
    | odd,
    max_size=3,
)
pods = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries({}, optional={"deletionTimestamp": st.just("t")}) | odd,
        "status": st.fixed_dictionaries(
            {},
            optional={
                "phase": st.sampled_from(["Pending", "Running", "Failed", "Succeeded"]),
                "conditions": conditions | st.none(),
                "containerStatuses": st.lists(
                    st.fixed_dictionaries({"state": st.dictionaries(st.just("waiting"), odd)}),
                    max_size=2,
                )
                | st.none(),
            },
        )
        | odd,
    },
)


def pod(**status: Any) -> dict[str, Any]:
    return {"status": {"phase": "Running"} | status}


@given(st.lists(pods, max_size=6))
def test_every_pod_that_has_not_ended_is_counted_once(found: list[dict[str, Any]]) -> None:
    state = pool_state("decode", 3, found)
    ended = [
        each
        for each in found
        if isinstance(each.get("status"), dict)
        and each["status"].get("phase") in ("Failed", "Succeeded")
    ]
    assert len(state.pods) == len(found) - len(ended)
    assert min(state.ready, state.pending, state.draining) >= 0
    assert all(len(reason.splitlines()) == 1 for reason in state.reasons)
    assert bool(state.reasons) == bool(state.pending)


def test_a_pod_that_is_being_deleted_drains_even_while_it_is_ready() -> None:
    leaving = pod(conditions=[{"type": "Ready", "status": "True"}])
    leaving["metadata"] = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    state = pool_state("decode", 0, [leaving])
    assert (state.ready, state.draining) == (0, 1)


def test_a_container_that_cannot_start_says_why() -> None:
    waiting = {"reason": "ImagePullBackOff", "message": "no such\nimage"}
    state = pool_state("decode", 1, [pod(containerStatuses=[{"state": {"waiting": waiting}}])] * 2)
    assert state.reasons == ("ImagePullBackOff: no such image",)


def test_a_worker_that_runs_and_is_not_ready_is_loading() -> None:
    assert pool_state("decode", 1, [pod()]).reasons == ("loading",)
