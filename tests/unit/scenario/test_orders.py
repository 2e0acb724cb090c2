"""Orders are carried out until they are true, whatever comes in the way."""

import asyncio

from gtc_runtime.events import EventLog
from gtc_runtime.scenario.orders import Orders
from gtc_spec.pools import PDRatio


class Broken:
    """Scaling whose answers nobody has foreseen."""

    def __init__(self) -> None:
        self.calls = 0

    async def set_ratio(self, ratio: PDRatio) -> None:
        self.calls += 1
        raise KeyError("spec")


async def test_an_error_that_nobody_foresaw_is_told_and_tried_again_later() -> None:
    scaling, log = Broken(), EventLog()
    orders = Orders(scaling, log)  # type: ignore[arg-type]
    running = asyncio.create_task(orders.run())
    orders.want(PDRatio(4, 3))
    await asyncio.sleep(0.05)

    assert scaling.calls == 1
    assert [event.text for event in log.newest()] == ["4P:3D was not set: KeyError"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
