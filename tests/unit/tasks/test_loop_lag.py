"""The lag of an event loop: the worst of the last seconds."""

import asyncio
import time

from gtc_runtime.tasks.loop_lag import KEPT_S, SAMPLE_S, LoopLag


async def sampled(late_s: list[float]) -> LoopLag:
    """A lag that was sampled once for each of these delays."""
    now_s, left = 0.0, list(late_s)

    async def sleep(seconds: float) -> None:
        nonlocal now_s
        if not left:
            raise EOFError
        now_s += seconds + left.pop(0)

    lag = LoopLag(lambda: now_s, sleep)
    try:
        await lag.run()
    except EOFError:
        return lag


async def test_before_the_first_sample_nothing_is_known() -> None:
    assert LoopLag().worst_s is None


async def test_the_worst_of_the_last_seconds_is_told() -> None:
    lag = await sampled([0.0, 5.0, 0.25])
    assert lag.worst_s == 5.0


async def test_a_lag_is_forgotten_after_three_scrapes() -> None:
    kept = round(KEPT_S / SAMPLE_S)
    assert (await sampled([5.0] + [0.0] * (kept - 1))).worst_s == 5.0
    assert (await sampled([5.0] + [0.0] * kept)).worst_s == 0.0


async def test_a_real_loop_that_is_blocked_is_seen() -> None:
    lag = LoopLag()
    task = asyncio.create_task(lag.run())
    await asyncio.sleep(0.1)
    time.sleep(0.8)  # longer than a sample: 0.4 s are left of it
    await asyncio.sleep(0.1)
    task.cancel()

    assert lag.worst_s is not None
    assert 0.3 < lag.worst_s < 2.0
