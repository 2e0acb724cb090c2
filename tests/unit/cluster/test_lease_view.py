"""What an observer of a Lease may conclude, at the limits of its times."""

from typing import Any

import pytest

from gtc_runtime.cluster.lease_view import (
    LeaseTimes,
    LeaseView,
    Observer,
    holder_of,
    spec_of,
    transitions_of,
)


class Watch:
    """An observer on a clock that a test turns; a Lease lasts 8 s."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._observer = Observer(LeaseTimes(duration_s=8.0), lambda: self.now_s)

    def look(self, seconds: float, found: dict[str, Any] | None) -> LeaseView:
        self.now_s += seconds
        return self._observer.judge(found)


def lease(holder: str = "panel", renewed: str = "12:00", version: str = "1") -> dict[str, Any]:
    return {
        "metadata": {"resourceVersion": version},
        "spec": {"holderIdentity": holder, "renewTime": renewed},
    }


def test_a_lease_that_is_not_there_is_free() -> None:
    view = Watch().look(0, None)

    assert view == LeaseView(present=False, holder="", unchanged_s=0.0, expired=False)
    assert view.free is True


def test_a_lease_that_is_given_back_is_free_and_one_that_is_held_is_not() -> None:
    assert Watch().look(0, lease(holder="")).free is True
    held = Watch().look(0, lease())
    assert (held.present, held.holder, held.free) == (True, "panel", False)


def test_a_silent_holder_has_lost_the_lease_after_its_duration_and_not_before() -> None:
    watch = Watch()
    watch.look(0, lease())
    watch.look(4, lease())
    before = watch.look(3.9, lease())
    assert (before.unchanged_s, before.expired, before.free) == (pytest.approx(7.9), False, False)

    after = watch.look(0.1, lease())
    assert (after.unchanged_s, after.expired, after.free) == (pytest.approx(8.0), True, True)


@pytest.mark.parametrize(
    "changed", [lease(holder="other"), lease(renewed="12:01"), lease(version="2"), None]
)
def test_any_change_is_a_sign_of_life(changed: dict[str, Any] | None) -> None:
    watch = Watch()
    watch.look(0, lease())
    watch.look(3, lease())

    assert watch.look(3, changed).unchanged_s == 0.0


def test_who_looked_away_for_more_than_half_the_duration_begins_anew() -> None:
    watch = Watch()
    watch.look(0, lease())
    assert watch.look(4.0, lease()).unchanged_s == 4.0
    assert watch.look(4.1, lease()).unchanged_s == 0.0


def test_a_lease_of_any_shape_is_read() -> None:
    assert spec_of(None) == spec_of({}) == spec_of({"spec": None}) == spec_of({"spec": []}) == {}
    assert holder_of({}) == holder_of({"spec": {"holderIdentity": None}}) == ""
    assert holder_of(lease()) == "panel"
    assert transitions_of({}) == transitions_of({"spec": {"leaseTransitions": "3"}}) == 0
    assert transitions_of({"spec": {"leaseTransitions": 3}}) == 3


def test_the_live_times_are_those_that_the_promise_of_thirty_seconds_stands_on() -> None:
    assert LeaseTimes() == LeaseTimes(duration_s=15.0, renew_s=3.0, fence_s=10.0, call_s=4.0)
