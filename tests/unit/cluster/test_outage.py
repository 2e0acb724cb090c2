"""Requests while Kubernetes is away: a few failures are an accident, many in a row an outage."""

from contextlib import ExitStack

from gtc_runtime.cluster.api.outage import AFTER_FAILURES, Outage


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def asked(outage: Outage, clock: Clock, *, answered: bool) -> None:
    """One request from its beginning to its end, a tenth of a second later."""
    with outage.underway() as asked_s:
        clock.now_s += 0.1
    outage.note(answered=answered, asked_s=asked_s)


def failed(times: int) -> tuple[Outage, Clock]:
    clock = Clock()
    outage = Outage(clock, 4.0)
    for _ in range(times):
        asked(outage, clock, answered=False)
    return outage, clock


def test_a_few_failures_hold_nothing_back() -> None:
    outage, _ = failed(AFTER_FAILURES - 1)
    assert [outage.may_ask() for _ in range(5)] == [True] * 5


def test_in_an_outage_one_request_goes_out_in_its_time() -> None:
    outage, clock = failed(AFTER_FAILURES)
    went_out = []
    for _ in range(90):
        clock.now_s += 0.1
        went_out.append(outage.may_ask())
    assert went_out.count(True) == 2
    assert went_out.index(True) in (39, 40)


def test_one_answer_ends_the_outage() -> None:
    outage, clock = failed(AFTER_FAILURES)
    asked(outage, clock, answered=True)
    assert outage.may_ask()
    assert outage.may_ask()


def test_failures_with_an_answer_between_them_are_no_outage() -> None:
    outage, clock = failed(AFTER_FAILURES - 1)
    asked(outage, clock, answered=True)
    for _ in range(AFTER_FAILURES - 1):
        asked(outage, clock, answered=False)
    assert outage.may_ask()


def test_an_answer_to_what_was_asked_before_the_first_failure_ends_no_outage() -> None:
    outage, clock = failed(0)
    with outage.underway() as asked_s:
        for _ in range(AFTER_FAILURES):
            asked(outage, clock, answered=False)
    outage.note(answered=True, asked_s=asked_s)
    assert not outage.may_ask()


def test_a_read_waits_until_it_is_known_what_becomes_of_those_underway() -> None:
    outage, clock = failed(1)
    with ExitStack() as underway:
        for _ in range(AFTER_FAILURES - 1):
            assert outage.may_ask()
            underway.enter_context(outage.underway())
        assert not outage.may_ask()
        assert outage.may_ask(writes=True)
    asked(outage, clock, answered=True)
    assert outage.may_ask()


def test_many_that_are_underway_hold_nothing_back_where_none_has_failed() -> None:
    outage, _ = failed(0)
    with ExitStack() as underway:
        for _ in range(3 * AFTER_FAILURES):
            assert outage.may_ask()
            underway.enter_context(outage.underway())
