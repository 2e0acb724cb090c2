"""A task that dies is started again, seen and told; a vital one ends the process."""

import asyncio
from collections.abc import Callable

import pytest

from gtc_runtime.events import EventLog
from gtc_runtime.tasks.supervisor import Supervisor
from gtc_spec.errors import GtcError


class Turned:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
def events() -> EventLog:
    return EventLog()


@pytest.fixture
def supervisor(events: EventLog, clock: Turned) -> Supervisor:
    return Supervisor(events, clock, clock.sleep)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0)


def dies(of: str = "no figures") -> Callable[[], object]:
    async def work() -> None:
        raise ValueError(of)

    return work


async def test_a_task_that_dies_is_started_again_with_pauses_that_double_to_30_s(
    supervisor: Supervisor, clock: Turned
) -> None:
    supervisor.keep("readings", dies())

    await until(lambda: supervisor.restarts["readings"] >= 7)

    assert clock.waits[:7] == [1, 2, 4, 8, 16, 30, 30]
    await supervisor.stop()


async def test_a_task_that_has_run_for_a_minute_is_started_again_at_once(
    supervisor: Supervisor, clock: Turned
) -> None:
    async def runs_long() -> None:
        clock.now_s += 60
        raise ValueError("no figures")

    supervisor.keep("readings", runs_long)
    await until(lambda: supervisor.restarts["readings"] >= 3)

    assert clock.waits[:3] == [1, 1, 1]
    await supervisor.stop()


async def test_a_minute_less_a_second_is_not_steady(supervisor: Supervisor, clock: Turned) -> None:
    async def runs_long() -> None:
        clock.now_s += 59
        raise ValueError("no figures")

    supervisor.keep("readings", runs_long)
    await until(lambda: supervisor.restarts["readings"] >= 3)

    assert clock.waits[:3] == [1, 2, 4]
    await supervisor.stop()


async def test_it_is_told_once_however_often_it_dies(
    supervisor: Supervisor, events: EventLog
) -> None:
    supervisor.keep("readings", dies("no\nfigures"))
    await until(lambda: supervisor.restarts["readings"] >= 4)

    told = [(event.kind, event.text) for event in events.newest()]
    assert told == [("warning", "the readings ended and is started again: ValueError: no figures")]
    await supervisor.stop()


async def test_another_cause_is_told_as_well_and_the_newest_is_kept(
    supervisor: Supervisor, events: EventLog
) -> None:
    causes = iter(["no figures", "no figures", "no room", "no room"])

    async def dies_otherwise() -> None:
        raise ValueError(next(causes, "no room"))

    supervisor.keep("readings", dies_otherwise)
    await until(lambda: supervisor.restarts["readings"] >= 4)

    told = [event.text.rpartition(": ")[2] for event in events.newest()]
    assert told == ["no figures", "no room"]
    assert supervisor.causes == {"readings": "ValueError: no room"}
    await supervisor.stop()


async def test_a_task_that_dies_again_after_a_steady_minute_is_told_again(
    supervisor: Supervisor, clock: Turned, events: EventLog
) -> None:
    async def runs_long() -> None:
        clock.now_s += 60
        events.add("info", "a minute went by")  # the log drops a repeat of its newest
        raise ValueError("no figures")

    supervisor.keep("readings", runs_long)
    await until(lambda: supervisor.restarts["readings"] >= 3)

    told = [event.text for event in events.newest()]
    assert sum("the readings ended" in text for text in told) >= 3
    await supervisor.stop()


async def test_a_task_that_is_dead_is_counted_before_the_pause(events: EventLog) -> None:
    supervisor = Supervisor(events)
    supervisor.keep("readings", dies())

    await until(lambda: bool(events.newest()))

    assert supervisor.restarts["readings"] == 1
    await supervisor.stop()


async def test_a_task_that_simply_ends_is_started_again_as_well(
    supervisor: Supervisor, events: EventLog
) -> None:
    async def ends() -> None:
        return

    supervisor.keep("view", ends)
    await until(lambda: supervisor.restarts["view"] >= 1)

    assert "it had no more to do" in events.newest()[0].text
    await supervisor.stop()


async def test_the_others_run_on(supervisor: Supervisor) -> None:
    turns = []

    async def steady() -> None:
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    supervisor.keep("view", steady)
    supervisor.keep("readings", dies())
    await until(lambda: supervisor.restarts["readings"] >= 3 and len(turns) > 10)

    assert supervisor.restarts["view"] == 0
    await supervisor.stop()


async def test_the_end_of_a_vital_task_is_an_error_in_one_line(supervisor: Supervisor) -> None:
    supervisor.keep("conductor", dies("no\nlease"), vital=True)

    with pytest.raises(GtcError, match=r"^the conductor ended: ValueError: no lease(?m:$)"):
        await asyncio.wait_for(supervisor.ended(), 5)
    assert supervisor.restarts["conductor"] == 0


async def test_a_vital_task_that_ended_before_anybody_asked_is_told_all_the_same(
    supervisor: Supervisor,
) -> None:
    supervisor.keep("conductor", dies(), vital=True)
    for _ in range(5):
        await asyncio.sleep(0)

    with pytest.raises(GtcError, match="conductor"):
        await asyncio.wait_for(supervisor.ended(), 5)


async def test_nobody_is_told_of_an_end_that_was_asked_for(
    supervisor: Supervisor, events: EventLog
) -> None:
    left = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("in order")

    supervisor.keep("conductor", waits, vital=True)
    supervisor.keep("view", waits)
    await asyncio.sleep(0)
    await supervisor.stop()

    assert left == ["in order", "in order"]
    assert events.newest() == ()
