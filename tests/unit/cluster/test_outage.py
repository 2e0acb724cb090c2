"""Requests while Kubernetes is away: a few failures are an accident, many in a row an outage."""

from gtc_runtime.cluster.api.outage import AFTER_FAILURES, Outage


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def failed(times: int) -> tuple[Outage, Clock]:
    clock = Clock()
    outage = Outage(clock, 4.0)
    for _ in range(times):
        outage.note(answered=False)
    return outage, clock


def test_a_few_failures_hold_nothing_back() -> None:
    outage, _ = failed(AFTER_FAILURES - 1)
    assert [outage.may_ask() for _ in range(5)] == [True] * 5


def test_in_an_outage_one_request_goes_out_in_its_time() -> None:
    outage, clock = failed(AFTER_FAILURES)
    asked = []
    for _ in range(90):
        clock.now_s += 0.1
        asked.append(outage.may_ask())
    assert asked.count(True) == 2
    assert asked.index(True) in (39, 40)


def test_one_answer_ends_the_outage() -> None:
    outage, _ = failed(AFTER_FAILURES)
    outage.note(answered=True)
    assert outage.may_ask()
    assert outage.may_ask()


def test_failures_with_an_answer_between_them_are_no_outage() -> None:
    outage, _ = failed(AFTER_FAILURES - 1)
    outage.note(answered=True)
    for _ in range(AFTER_FAILURES - 1):
        outage.note(answered=False)
    assert outage.may_ask()
