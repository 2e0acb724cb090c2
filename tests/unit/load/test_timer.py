import asyncio
import time

import pytest

from gtc_runtime.load.wire.timer import FdTimer, LoopTimer, timer_for


@pytest.fixture(params=[FdTimer, LoopTimer])
def kind(request):
    return request.param


async def test_a_timer_goes_off_once_and_never_early(kind):
    times_s = []
    timer = kind(lambda: times_s.append(time.monotonic()))
    at_s = time.monotonic() + 0.05
    timer.set(at_s)
    await asyncio.sleep(0.15)
    timer.close()
    assert len(times_s) == 1
    assert times_s[0] >= at_s - 0.001  # an event loop rounds to milliseconds


async def test_a_moment_that_is_past_is_now(kind):
    rang = asyncio.Event()
    timer = kind(rang.set)
    timer.set(time.monotonic() - 5.0)
    async with asyncio.timeout(1):
        await rang.wait()
    timer.close()


async def test_only_the_moment_set_last_counts(kind):
    rang = []
    timer = kind(lambda: rang.append(1))
    timer.set(time.monotonic() + 0.01)
    timer.set(None)
    await asyncio.sleep(0.05)
    assert rang == []
    timer.close()
    timer.close()


async def test_a_callback_that_fails_is_not_called_for_ever(kind):
    called = []

    def fail():
        called.append(1)
        raise ValueError

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    timer = kind(fail)
    timer.set(time.monotonic())
    await asyncio.sleep(0.05)
    turns = await _turns_of_the_loop(0.05)
    timer.close()
    assert called == [1]
    assert turns < 20


async def _turns_of_the_loop(seconds):
    """How often the loop turned by itself; it has nothing to do but one sleep."""
    loop, turns = asyncio.get_running_loop(), 0
    select = loop._selector.select

    def counted(timeout):
        nonlocal turns
        turns += 1
        return select(timeout)

    loop._selector.select = counted
    await asyncio.sleep(seconds)
    loop._selector.select = select
    return turns


async def test_linux_has_the_exact_one():
    timer = timer_for(lambda: None)
    assert isinstance(timer, FdTimer)
    timer.close()


@pytest.mark.parametrize("at_s", [1e12, 1e300, float("inf")])
async def test_the_end_of_time_may_be_waited_for(kind, at_s):
    rang = []
    timer = kind(lambda: rang.append(1))
    timer.set(at_s)
    await asyncio.sleep(0.05)
    timer.set(time.monotonic())
    await asyncio.sleep(0.05)
    timer.close()
    assert rang == [1]
