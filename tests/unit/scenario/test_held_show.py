"""A show that stands still for longer than statistics are kept otherwise."""

from typing import Any

from gtc_runtime.cluster.poller import Poller
from gtc_runtime.events import EventLog
from gtc_runtime.load.control import LoadControl
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.load.settings import LoadSettings, settings_from
from gtc_runtime.scenario import report
from gtc_runtime.scenario.orders import Orders
from gtc_runtime.scenario.roster import Roster
from gtc_runtime.scenario.show import Show
from gtc_spec.environment import load
from tests.unit.scenario.show import CHAT, SHOW, SMALL

HELD_S = 3000


def still(settings: LoadSettings) -> tuple[Show, LoadControl]:
    """A show whose load process and cluster were never started."""
    events, nowhere = EventLog(), Any

    control = LoadControl(settings, 1.0, CHAT, lambda text: events.add("warning", text))
    poller: Any = Poller(nowhere, nowhere)
    roster = Roster(SMALL, 1.0, events)
    return Show(
        SHOW, poller, control, Orders(nowhere, events), roster, events, lambda: None
    ), control


async def test_the_report_of_a_held_show_has_every_request_from_its_beginning() -> None:
    show, control = still(settings_from(load("prod"), "http://127.0.0.1:1"))
    await show.begin(1000, once=True)
    await show.hold(True, 1001)

    for second in range(1000, 1000 + HELD_S):
        control.book.add(Snapshot(second, {second: {"chat_turn1": Tally(due=1, ok=1)}}))
    show.log.close(1000 + HELD_S)
    show.stop()
    control.book.add(Snapshot(1000 + 2 * HELD_S))

    (stress,) = report.phases(show.log, control.book)
    assert stress["requests"] == {"due": HELD_S, "ok": HELD_S, "shed": 0, "failed": {}}
