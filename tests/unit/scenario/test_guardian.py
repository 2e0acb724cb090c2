"""Whose pause the guardian ends, when, in whose name, and what it says of it."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from gtc_runtime.cluster.api.errors import Conflict, Denied, KubeError, Unreachable
from gtc_runtime.cluster.api.kube import Json
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.state import StateStore
from gtc_runtime.scenario.unattended.guardian import Guardian, guard
from gtc_spec import names
from gtc_spec.kinds import CONFIG_MAP, LEASE
from gtc_spec.pools import ROLES
from tests.turned_clock import TurnedCluster

UNTIL = datetime(2026, 3, 16, 18, 0, tzinfo=UTC)
GONE = "panel was gone with keda paused; the guardian resumed keda"
OVER = "the time of the pause by panel was over; the guardian resumed keda"


def paused(until: datetime | None = None) -> TurnedCluster:
    """A cluster in which a panel has paused KEDA, without a Lease."""
    cluster = TurnedCluster()
    cluster.run(Keda(cluster.kube, cluster.clock).pause("panel", until=until))
    cluster.asked.clear()
    return cluster


def is_paused(cluster: TurnedCluster) -> bool:
    return any(cluster.annotations(role) for role in ROLES)


def held(cluster: TurnedCluster) -> Lease:
    """The Lease of the panel."""
    lease = Lease(cluster.kube, "panel", clock=cluster.clock)
    assert cluster.run(lease.acquire())
    return lease


def guardian(cluster: TurnedCluster, now: datetime = UNTIL) -> Guardian:
    return Guardian(cluster.kube, now=lambda: now)


def poll(cluster: TurnedCluster, guarding: Guardian | None = None) -> str:
    return cluster.run((guarding or guardian(cluster)).poll())


def state(cluster: TurnedCluster) -> Json:
    return dict(cluster.run(StateStore(cluster.kube).read()).document)


def events(cluster: TurnedCluster) -> list[str]:
    return [event["text"] for event in state(cluster).get("events", [])]


def guarded(cluster: TurnedCluster, seconds: float) -> list[float]:
    """Let a guardian guard for so long; returns when it asked for the Lease."""

    async def work() -> None:
        guarding = asyncio.create_task(guard(cluster.kube))
        await asyncio.sleep(seconds)
        assert not guarding.done()
        guarding.cancel()

    begun_s = cluster.clock()
    cluster.asked.clear()
    cluster.run(work())
    return [
        each.at_s - begun_s
        for each in cluster.asked
        if (each.method, each.path) == ("GET", f"{LEASE.plural}/{names.LEASE}")
    ]


# -- when ------------------------------------------------------------------------------------------


def test_a_pause_without_any_lease_is_ended_and_written_down() -> None:
    cluster = paused()
    assert poll(cluster) == GONE
    assert not is_paused(cluster)
    assert events(cluster) == [GONE]


def test_the_lease_is_taken_for_it_and_given_back() -> None:
    cluster = paused()
    poll(cluster)
    spec = cluster.lease()
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("", 1)
    assert state(cluster)["epoch"] == 1


def test_a_dead_panels_pause_ends_two_polls_after_its_lease_at_the_latest() -> None:
    cluster = paused()
    held(cluster)
    asked = guarded(cluster, 16.5)
    assert asked[:8] == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]
    assert not is_paused(cluster)


def test_a_pause_whose_holder_may_live_is_left_alone() -> None:
    cluster = paused()
    held(cluster)
    guarded(cluster, 15.5)
    assert is_paused(cluster)
    assert cluster.written() == []


def test_where_nothing_is_paused_nothing_is_written() -> None:
    cluster = TurnedCluster()
    assert poll(cluster) == ""
    cluster.annotate("decode", {names.ANNOTATION_PAUSED: "true"})
    assert poll(cluster) == ""
    assert cluster.written() == []


def test_a_pause_that_is_to_last_until_a_time_is_ended_at_it_and_not_before() -> None:
    cluster = paused(UNTIL)
    assert poll(cluster, guardian(cluster, UNTIL - timedelta(seconds=1))) == ""
    assert is_paused(cluster)
    assert poll(cluster, guardian(cluster, UNTIL)) == OVER
    assert not is_paused(cluster)


def test_the_lease_is_kept_while_keda_takes_its_time() -> None:
    cluster = paused()
    cluster.keda_late_s = 20.0
    guarding = guardian(cluster)
    held_at: list[bool] = []
    cluster.loop.call_later(19.0, lambda: held_at.append(guarding._lease.held))
    assert poll(cluster, guarding) == GONE
    assert held_at == [True]


# -- in whose name ---------------------------------------------------------------------------------


def test_its_epoch_is_above_that_of_the_stored_state() -> None:
    cluster = paused()
    cluster.run(StateStore(cluster.kube).update(7, lambda document: document | {"mode": "auto"}))
    assert poll(cluster) == GONE
    assert cluster.lease()["leaseTransitions"] == 8
    assert (state(cluster)["epoch"], state(cluster)["mode"]) == (8, "auto")


def test_who_loses_the_race_for_the_lease_leaves_the_pause_to_its_winner() -> None:
    cluster = paused()
    cluster.fail("POST", LEASE.plural, Conflict("somebody was faster"))
    assert poll(cluster) == ""
    assert is_paused(cluster)


def test_without_a_lease_and_the_right_to_make_one_a_pause_is_ended_all_the_same() -> None:
    cluster = paused()
    cluster.fail("POST", LEASE.plural, Denied("not allowed"))
    assert poll(cluster) == GONE
    assert not is_paused(cluster)
    assert events(cluster) == [GONE]


def test_a_lease_that_may_not_be_taken_keeps_the_guardian_from_acting() -> None:
    cluster = paused()
    cluster.run(held(cluster).release())
    cluster.fail("PUT", LEASE.plural, Denied("not allowed"))
    with pytest.raises(Denied):
        poll(cluster)
    assert is_paused(cluster)


def test_a_state_that_cannot_be_read_has_no_epoch() -> None:
    cluster = paused()
    cluster.fail("GET", CONFIG_MAP.plural, Unreachable("no answer"))
    cluster.fail("POST", LEASE.plural, Denied("not allowed"))
    assert poll(cluster) == GONE
    assert (state(cluster)["epoch"], events(cluster)) == (0, [GONE])


# -- what it says ----------------------------------------------------------------------------------


def test_a_keda_that_does_not_follow_is_said() -> None:
    cluster = paused()
    cluster.keda_late_s = None
    did = poll(cluster)
    assert did.startswith(f"{GONE}, but hpa ")
    assert did.endswith("is not back after 30 s")
    assert events(cluster) == [did]


def test_a_state_that_cannot_be_written_keeps_no_pause() -> None:
    cluster = paused()
    cluster.fail("POST", CONFIG_MAP.plural, Denied("not allowed"))
    assert poll(cluster) == GONE
    assert not is_paused(cluster)


def test_a_guardian_that_is_blind_says_it_once_and_says_when_it_sees_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cluster = TurnedCluster()
    cluster.fail("GET", LEASE.plural, Unreachable("no answer"), times=2)
    cluster.fail("GET", LEASE.plural, KubeError("another answer"))
    with caplog.at_level(logging.INFO):
        assert len(guarded(cluster, 10.5)) == 6
    assert caplog.messages == [
        "the guardian is blind: no answer",
        "the guardian is blind: another answer",
        "kubernetes answers the guardian again",
    ]


def test_a_guardian_that_sees_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        guarded(TurnedCluster(), 4.5)
    assert caplog.messages == []
