"""When a Lease may be taken, how long it is held, and what is written of it, to the second."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from gtc_runtime.cluster.api.errors import Conflict, Denied, NotFound, Unreachable
from gtc_runtime.cluster.identity import own_identity
from gtc_runtime.cluster.lease import Lease
from gtc_spec import names
from gtc_spec.kinds import LEASE
from tests.turned_clock import TurnedCluster


def lease(cluster: TurnedCluster, holder: str = "me") -> Lease:
    return Lease(cluster.kube, holder, clock=cluster.clock)


def held(cluster: TurnedCluster, holder: str = "me") -> Lease:
    """A Lease that has been taken; the requests for it are forgotten."""
    made = lease(cluster, holder)
    assert cluster.run(made.acquire()) is True
    cluster.asked.clear()
    return made


def take_away(cluster: TurnedCluster, holder: str = "other", epoch: int = 2) -> Callable[[], None]:
    """Somebody else takes the Lease."""
    return lambda: cluster.write_lease({"holderIdentity": holder, "leaseTransitions": epoch})


def remove(cluster: TurnedCluster) -> None:
    cluster.server.delete(LEASE.plural, names.LEASE)


# -- taking it -------------------------------------------------------------------------------------


def test_a_lease_that_is_not_there_is_made() -> None:
    cluster = TurnedCluster()
    mine = lease(cluster)
    assert (mine.held, mine.epoch) == (False, 0)
    assert cluster.run(mine.acquire()) is True
    assert (mine.held, mine.epoch) == (True, 1)
    spec = cluster.lease()
    assert spec == {
        "holderIdentity": "me",
        "leaseDurationSeconds": 15,
        "acquireTime": spec["renewTime"],
        "renewTime": spec["acquireTime"],
        "leaseTransitions": 1,
    }


def test_a_lease_has_the_name_that_is_asked_for() -> None:
    cluster = TurnedCluster()
    cluster.run(Lease(cluster.kube, "me", clock=cluster.clock, name="another").acquire())
    assert [each.path for each in cluster.asked] == ["leases/another", "leases"]
    assert cluster.server.get(LEASE.plural, "another") is not None


def test_a_live_holder_is_left_alone_and_named() -> None:
    cluster = TurnedCluster()
    other, mine = held(cluster, "other"), lease(cluster)
    assert mine.rival == ""
    assert cluster.run(mine.acquire()) is False
    assert (cluster.written(), mine.rival) == ([], "other")
    cluster.run(other.release())
    assert cluster.run(mine.acquire()) is True
    assert mine.rival == ""


def test_a_silent_holder_is_displaced_after_fifteen_seconds_and_not_before() -> None:
    cluster = TurnedCluster()
    other = held(cluster, "other")
    mine = lease(cluster)
    cluster.run(mine.poll())
    for _ in range(3):
        cluster.turn(4.75)
        assert cluster.run(mine.acquire()) is False
    cluster.turn(0.75)
    assert cluster.run(mine.acquire()) is True
    assert (mine.epoch, cluster.lease()["leaseTransitions"]) == (2, 2)
    assert cluster.run(other.renew()) is False


def test_what_a_poll_says_is_what_was_read() -> None:
    cluster = TurnedCluster()
    assert cluster.run(lease(cluster).poll()).present is False
    held(cluster, "other")
    view = cluster.run(lease(cluster).poll())
    assert (view.present, view.holder, view.free) == (True, "other", False)


def test_a_holder_takes_its_own_lease_again_at_once() -> None:
    cluster = TurnedCluster()
    held(cluster, "me")
    assert cluster.run(lease(cluster, "me").acquire()) is True


def test_the_lease_of_a_dead_process_of_this_host_is_taken_at_once() -> None:
    cluster = TurnedCluster()
    role, machine, _, start, nonce = own_identity("panel").split("/")
    held(cluster, f"{role}/{machine}/999999999/{start}/{nonce}")
    assert cluster.run(lease(cluster).acquire()) is True


def test_an_epoch_is_above_its_floor_and_above_the_last() -> None:
    cluster = TurnedCluster()
    mine = lease(cluster)
    cluster.run(mine.acquire(epoch_floor=7))
    assert mine.epoch == 8
    cluster.run(mine.acquire(epoch_floor=3))
    assert mine.epoch == 9


def test_who_takes_a_lease_again_has_taken_it_later_and_who_renews_has_not() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    first = cluster.lease()
    cluster.run(mine.renew())
    renewed = cluster.lease()
    assert renewed["acquireTime"] == first["acquireTime"]
    assert renewed["renewTime"] > first["renewTime"]
    cluster.run(mine.acquire())
    assert cluster.lease()["acquireTime"] > first["acquireTime"]


def test_a_race_for_a_free_lease_is_run_once() -> None:
    cluster = TurnedCluster()
    cluster.fail("POST", "leases", Conflict("somebody was faster"))
    mine = lease(cluster)
    assert cluster.run(mine.acquire()) is False
    assert (len(cluster.written()), mine.held) == (1, False)


@pytest.mark.parametrize(("lost", "taken"), [(4, True), (5, False)])
def test_by_force_a_race_is_run_up_to_five_times(lost: int, taken: bool) -> None:
    cluster = TurnedCluster()
    held(cluster, "other")
    cluster.fail("PUT", "leases", Conflict("somebody was faster"), times=lost)
    assert cluster.run(lease(cluster).acquire(force=True)) is taken
    assert len(cluster.written()) == 5


# -- holding it ------------------------------------------------------------------------------------


def test_a_holder_may_act_for_less_than_ten_seconds_after_its_renewal() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    cluster.turn(9.75)
    assert mine.held is True
    cluster.turn(0.25)
    assert mine.held is False
    assert cluster.run(mine.renew()) is True
    assert mine.held is True


def test_a_renewal_counts_from_when_it_was_sent() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    cluster.turn(5.0)
    sent_s = cluster.clock()
    cluster.delay("PUT", "leases", 3.0)
    cluster.run(mine.renew())
    cluster.turn(sent_s + 9.75 - cluster.clock())
    assert mine.held is True
    cluster.turn(0.25)
    assert mine.held is False


def test_who_never_held_a_lease_does_not_renew_it() -> None:
    cluster = TurnedCluster()
    assert cluster.run(lease(cluster).renew()) is False
    assert cluster.asked == []


def test_a_lease_that_was_deleted_is_lost() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    remove(cluster)
    assert cluster.run(mine.renew()) is False
    assert (mine.held, mine.epoch) == (False, 0)


def test_a_renewal_without_an_answer_is_known_again_at_the_next() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    cluster.fail("PUT", "leases", Unreachable("no answer"), after=True)
    with pytest.raises(Unreachable):
        cluster.run(mine.renew())
    cluster.turn(9.0)
    assert cluster.run(mine.renew()) is True
    cluster.turn(9.0)
    assert mine.held is True


@pytest.mark.parametrize(("holder", "epoch"), [("other", 2), ("other", 1), ("me", 2)])
def test_a_lease_with_another_holder_or_epoch_is_lost(holder: str, epoch: int) -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    take_away(cluster, holder, epoch)()
    assert cluster.run(mine.renew()) is False
    assert (mine.held, mine.epoch) == (False, 0)
    assert cluster.lease()["holderIdentity"] == holder


def test_a_lease_that_is_taken_and_deleted_is_lost() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    take_away(cluster)()
    cluster.meddle("GET", "leases", lambda: remove(cluster))
    assert cluster.run(mine.renew()) is False
    assert mine.epoch == 0


def test_after_a_conflict_nobody_acts_until_the_holder_is_known() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    take_away(cluster)()
    cluster.fail("GET", "leases", Unreachable("no answer"))
    with pytest.raises(Unreachable):
        cluster.run(mine.renew())
    assert mine.held is False


@pytest.mark.parametrize(("method", "said"), [("GET", "read"), ("PUT", "written")])
def test_a_request_that_hangs_is_given_up_after_four_seconds(method: str, said: str) -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    begun_s = cluster.clock()
    cluster.delay(method, "leases", 60.0)
    with pytest.raises(Unreachable, match=f"could not be {said} in time"):
        cluster.run(mine.renew() if method == "PUT" else mine.poll())
    assert cluster.ended_s - begun_s == 4.0


# -- keeping it ------------------------------------------------------------------------------------


def test_a_kept_lease_is_renewed_every_three_seconds_and_given_back() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    begun_s = cluster.clock()

    async def work() -> None:
        async with mine.kept():
            await asyncio.sleep(7.0)
            assert mine.held is True

    cluster.run(work())
    assert [each.at_s - begun_s for each in cluster.written()] == [0.0, 3.0, 6.0, 7.0]
    assert (mine.held, cluster.lease()["holderIdentity"]) == (False, "")
    cluster.turn(10.0)
    assert len(cluster.written()) == 4


def test_a_keeper_that_died_of_a_fault_of_ours_is_no_secret_and_the_lease_is_given_back() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    cluster.fail("PUT", "leases", ZeroDivisionError("a fault of ours"))

    async def work() -> None:
        async with mine.kept():
            await asyncio.sleep(1.0)

    with pytest.raises(ZeroDivisionError):
        cluster.run(work())
    assert cluster.lease()["holderIdentity"] == ""


def test_a_renewal_that_failed_is_tried_again_in_a_quarter_of_the_time() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    begun_s = cluster.clock()
    cluster.fail("PUT", "leases", Unreachable("no answer"))
    cluster.loop.call_later(5.0, take_away(cluster))
    cluster.run(mine.keep())
    assert [each.at_s - begun_s for each in cluster.written()] == [0.0, 0.75, 3.75, 6.75]
    assert mine.held is False


# -- giving it back --------------------------------------------------------------------------------


def test_a_lease_that_is_given_back_is_free_and_keeps_its_epoch() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    before = cluster.lease()
    cluster.run(mine.release())
    assert cluster.lease() == before | {"holderIdentity": "", "leaseDurationSeconds": 1}
    assert (mine.held, mine.epoch) == (False, 0)
    assert cluster.run(lease(cluster, "other").acquire()) is True


def test_who_holds_nothing_gives_nothing_back() -> None:
    cluster = TurnedCluster()
    cluster.run(lease(cluster).release())
    assert cluster.asked == []


def test_a_lease_is_given_back_although_a_renewal_was_lost_on_its_way() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    cluster.fail("PUT", "leases", Unreachable("no answer"), after=True)
    with pytest.raises(Unreachable):
        cluster.run(mine.renew())
    cluster.run(mine.release())
    assert cluster.lease()["holderIdentity"] == ""


def test_who_was_cut_off_while_taking_a_lease_gives_it_back() -> None:
    cluster = TurnedCluster()
    mine = lease(cluster)
    cluster.fail("POST", "leases", Unreachable("no answer"), after=True)
    with pytest.raises(Unreachable):
        cluster.run(mine.acquire())
    assert cluster.lease()["holderIdentity"] == "me"
    cluster.run(mine.release())
    assert cluster.lease()["holderIdentity"] == ""


def test_who_has_lost_a_lease_gives_nothing_back() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    take_away(cluster)()
    cluster.run(mine.renew())
    cluster.asked.clear()
    cluster.run(mine.release())
    assert cluster.asked == []


def test_the_lease_of_the_next_holder_is_not_given_back() -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    take_away(cluster)()
    cluster.run(mine.release())
    assert cluster.lease()["holderIdentity"] == "other"


def test_a_lease_that_is_gone_needs_not_be_given_back(caplog: pytest.LogCaptureFixture) -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    take_away(cluster)()
    cluster.meddle("GET", "leases", lambda: remove(cluster))
    with caplog.at_level(logging.INFO):
        cluster.run(mine.release())
    assert (mine.epoch, caplog.messages) == (0, [])


@pytest.mark.parametrize("error", [Denied("not allowed"), NotFound("not there")])
def test_a_lease_that_cannot_be_given_back_is_left_to_expire(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    cluster.fail("PUT", "leases", error)
    with caplog.at_level(logging.INFO):
        cluster.run(mine.release())
    assert caplog.messages == [f"the lease was not given back and will expire: {error}"]


def test_giving_back_takes_four_seconds_at_most(caplog: pytest.LogCaptureFixture) -> None:
    cluster = TurnedCluster()
    mine = held(cluster)
    begun_s = cluster.clock()
    cluster.delay("PUT", "leases", 60.0)
    with caplog.at_level(logging.INFO):
        cluster.run(mine.release())
    assert cluster.ended_s - begun_s == 4.0
    assert len(caplog.messages) == 1
