"""The checker notices: each of these faults, planted into the product, is found."""

import asyncio
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from gtc_runtime.cluster.api.outage import Outage
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.keda_status import KedaStatus
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.load.control import LoadControl
from gtc_runtime.scenario.conductor import Conductor
from gtc_runtime.scenario.modes import Modes
from gtc_runtime.scenario.show import Show
from gtc_spec import names
from gtc_spec.environment import load
from gtc_spec.pools import ROLES, PDRatio
from tests.chaos.simulated.processes import Panel
from tests.chaos.simulated.world import World, world

ENV = load("prod")


def panel_in_auto(made: World) -> Panel:
    made.start_guardian()
    panel = made.start_panel("a")
    made.run(10.0)
    made.command(panel, "auto")
    made.run(10.0)
    return panel


def dies(made: World) -> None:
    made.kill(panel_in_auto(made).process)
    made.run(80.0)


def meets_a_rival(made: World) -> None:
    panel = panel_in_auto(made)
    made.start_panel("b")
    made.run(40.0)
    for _ in range(3):
        made.command(panel, "next_phase")
        made.run(10.0)


def plays(made: World) -> None:
    panel = panel_in_auto(made)
    for _ in range(4):
        made.command(panel, "next_phase")
        made.run(10.0)


def plays_on(made: World) -> None:
    panel_in_auto(made)
    made.run(400.0)


def dies_and_another_comes(made: World) -> None:
    made.kill(panel_in_auto(made).process)
    made.start_panel("a")
    made.run(90.0)


def loses_the_api(made: World) -> None:
    panel_in_auto(made)
    for how in ("hang", "refused"):
        made.api_down(how)
        made.run(300.0)
        rates = made.api_up()
        if max(rates.values()) > 1.0:
            made.checker.violated(f"requests a second: {rates}")


async def _nothing(*_: Any, **__: Any) -> None:
    return None


async def _wrong(self: Any, *_: Any, **__: Any) -> None:
    raise ValueError("planted")


async def _forever(*_: Any) -> None:
    await asyncio.sleep(1e9)


_set_ratio = Scaling.set_ratio


async def _leave_the_pause(self: Keda, *_: Any, **__: Any) -> None:
    nobody = {names.ANNOTATION_PAUSED_BY: None}
    for role in ROLES:
        await self._annotate(role, lambda scaler: nobody if scaler.owner else None)


async def _looks_only(self: Keda, *_: Any, **__: Any) -> KedaStatus:
    return await self.status()


async def _off_by_one(self: Scaling, ratio: PDRatio) -> None:
    await _set_ratio(self, PDRatio(3, 2) if ratio == PDRatio(2, 3) else ratio)


async def _one_more(self: Scaling, ratio: PDRatio) -> None:
    await _set_ratio(self, PDRatio(ratio.prefill, ratio.decode + 3))


PLANTED: list[tuple[str, Any, dict[str, Any], Callable[[World], None], str]] = [
    ("a resume that does nothing", Keda, {"_unpause": _nothing}, dies, "without a live lease"),
    ("a resume that takes away the name only", Keda, {"_unpause": _leave_the_pause}, dies,
     "without a live lease"),
    ("an auto mode that pauses nothing", Keda, {"pause": _looks_only}, plays_on,
     "has not paused"),
    ("an auto mode that orders nothing", Scaling, {"set_ratio": _nothing}, plays_on, "ordered"),
    ("orders of a pair that is in no table", Scaling, {"set_ratio": _off_by_one}, plays_on,
     "3P:2D where"),
    ("a holder that neither renews nor stops", Lease, {"held": True, "keep": _forever},
     meets_a_rival, "in epoch"),
    ("a ratio that is in no table", Scaling, {"set_ratio": _one_more}, plays, "not in the table"),
    ("a step that raises", Conductor, {"_look": _wrong}, plays, "died"),
    ("a start that leaves the pause", Modes, {"recover": Modes._be_manual},
     dies_and_another_comes, "leaves keda paused"),
    ("a show that never steps", Show, {"step": _nothing}, plays_on, "stands still"),
    ("a load that is not set", LoadControl, {"set_load": _nothing}, plays_on, "the load of"),
    ("no patience in an outage", Outage, {"may_ask": lambda self, **_: True}, loses_the_api,
     "requests a second"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("owner", "faults", "story", "noticed"),
    [each[1:] for each in PLANTED],
    ids=[each[0] for each in PLANTED],
)
def test_a_planted_fault_is_noticed(
    owner: Any, faults: dict[str, Any], story: Callable[[World], None], noticed: str
) -> None:
    with patch.multiple(owner, **faults), world(ENV, seed=3) as made:
        story(made)
        found = list(made.violations)

    assert any(noticed in text for text in found), found


@pytest.mark.parametrize("story", list(dict.fromkeys(each[3] for each in PLANTED)))
def test_without_it_nothing_is_found(story: Callable[[World], None]) -> None:
    with world(ENV, seed=3) as made:
        story(made)
        found = list(made.violations)

    assert found == []


def test_one_seed_is_one_history() -> None:
    histories = []
    for seed in (1, 1, 2):
        with world(ENV, seed) as made:
            made.faults.rate = 0.05
            dies_and_another_comes(made)
            histories.append(made.history)

    assert histories[0] == histories[1] != histories[2]
