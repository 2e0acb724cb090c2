"""A panel that dies and comes back: what it remembers, says and can start again."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gtc_cli.recordings.story import story
from gtc_runtime.actor import Actor
from gtc_runtime.recording.folder import recordings
from gtc_runtime.recording.reader import read
from gtc_runtime.scenario.story import judge
from gtc_runtime.service import DemoService
from gtc_runtime.settings import Settings
from gtc_spec.errors import GtcError
from gtc_spec.pools import PDRatio
from gtc_spec.workloads import WorkloadMix
from tests.app.conftest import Panel, World

PRESENTER = Actor("page", "10.0.0.7")


class RecordedPanel(Panel):
    """A panel with a state directory."""

    def __init__(self, world: World, state_dir: Path) -> None:
        super().__init__(world)
        settings = Settings(frontend_url=world.frontend.url, kubeconfig=str(world.kubeconfig))
        self.service = DemoService(world.environment, settings, state_dir=state_dir)

    async def die(self) -> None:
        """As by kill -9: nothing is said, nothing is given back."""
        recorder = self.service._memory._recorder
        assert recorder is not None
        self.service._memory._recorder = None
        recorder._views.put(None)
        await self.world.until(lambda: not recorder._thread.is_alive())
        cut_off(recordings(recorder._folder.parent)[0])
        await self.service._load.stop()
        await self.end_like_killed()
        self.world.hold_lease("")


def cut_off(path: Path) -> None:
    """Take the last line away, with which a recording ends in order."""
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[:-1])))


@pytest.fixture
async def new(world: World, tmp_path: Path) -> AsyncIterator[object]:
    made: list[RecordedPanel] = []

    async def start() -> RecordedPanel:
        panel = RecordedPanel(world, tmp_path / "state")
        made.append(panel)
        await panel.start()
        await panel.until_mode("manual")
        return panel

    yield start
    for panel in made:
        await panel.service.stop()


async def one_that_died_under_load(new) -> RecordedPanel:
    panel = await new()
    await panel.service.set_load(5.0, WorkloadMix.parse("20/30/50"), by=PRESENTER)
    await panel.service.start_load(by=PRESENTER)
    await recorded(panel, lambda view: view.load.running and view.workloads["all"].ok > 3)
    await panel.die()
    return panel


async def recorded(panel: RecordedPanel, holds) -> None:
    """Wait until the newest recording ends with such a view."""
    folder = panel.service._memory._state_dir

    def there() -> bool:
        found = read(recordings(folder)[0])
        return holds(found.view(found.length_s))

    await panel.world.until(there)


async def test_a_panel_that_died_says_what_was_on_and_keeps_its_events(new):
    dead = await one_that_died_under_load(new)
    panel = await new()
    view = panel.view

    assert view.previous is not None
    assert "load was on (5 rps, 20/30/50) and is off now" in view.previous.text
    assert view.previous.startable
    assert not view.load.running
    assert any("load was on (5 rps, 20/30/50)" in told for told in panel.told)
    started = next(event for event in dead.view.events if "load started" in event.text)
    assert started in view.events
    assert [event.at for event in view.events] == sorted(event.at for event in view.events)
    assert any(past.workloads["all"].ok > 3 for past in panel.service.past)


async def test_what_ran_is_started_again_by_one_command(new):
    await one_that_died_under_load(new)
    panel = await new()
    await panel.service.start_again(by=PRESENTER)

    assert (panel.view.load.rps, panel.view.load.mix["reasoning"]) == (5.0, 50)
    assert panel.view.load.running
    assert panel.view.previous is None
    with pytest.raises(GtcError, match="no load to start again"):
        await panel.service.start_again(by=PRESENTER)


async def test_what_ran_is_forgotten_when_somebody_acts(new):
    await one_that_died_under_load(new)
    panel = await new()
    await panel.service.stop_load(by=PRESENTER)

    assert panel.view.previous is None


async def test_a_show_that_died_is_told_with_its_phase_who_resumed_keda_and_why_it_ended(
    new, world
):
    dead = await new()
    await dead.service.auto(by=PRESENTER)
    await recorded(dead, lambda view: view.mode == "auto")
    await dead.die()
    world.scale(PDRatio(3, 3))
    panel = await new()
    view = await panel.until(lambda view: view.keda == "active")

    assert view.previous is not None
    assert "the show was in Balanced, cycle 1 and has ended" in view.previous.text
    assert "KEDA was resumed by this panel" in view.previous.text
    stays = "not continued: 3P:3D is ordered and not "
    assert any(stays + ordered in view.previous.text for ordered in ("2P:3D", "4P:3D"))  # so far
    assert not view.previous.startable


async def test_a_show_that_was_ended_in_order_is_not_begun_again_by_what_is_stored(new, world):
    """Such as by a panel that could not reach Kubernetes any more when it was told to end."""
    first = await new()
    await first.service.auto(by=PRESENTER)
    await recorded(first, lambda view: view.mode == "auto" and view.holder)
    await world.until(lambda: world.stored().get("mode") == "auto")
    left = world.stored()
    await first.service.stop()
    world.remember(left)
    panel = await new()

    await panel.until_told("its panel had ended in order")


async def test_a_panel_that_ended_in_order_leaves_its_events_and_no_alarm(new):
    first = await new()
    await first.service.start_load(by=PRESENTER)
    await recorded(first, lambda view: view.load.running)
    await first.service.stop()
    panel = await new()

    assert panel.view.previous is None
    assert any("load started" in told for told in panel.told)
    assert not any("restarted after" in told for told in panel.told)


async def test_no_text_of_a_prompt_or_an_answer_is_recorded(new, tmp_path):
    panel = await new()
    await panel.service.start_load(by=PRESENTER)
    await panel.until(lambda view: view.workloads["all"].ok > 3)
    await panel.service.stop()
    content = gzip.decompress(recordings(tmp_path / "state")[0].read_bytes()).decode()

    prompts = panel.world.frontend.prompts
    pieces = {text[at : at + 30] for text in prompts for at in range(0, len(text) - 30, 30)}
    assert len(pieces) > 20
    assert [piece for piece in (*pieces, "w0 w1") if piece in content] == []


@pytest.mark.timeout(120)
async def test_replay_and_report_tell_the_claims_of_the_live_cycle(new, tmp_path):
    panel = await new()
    await panel.service.auto(once=True)
    told = await panel.service.cycle_report()
    judged = judge(panel.service.environment, told["phases"])
    live = panel.view.claims
    await panel.service.stop()
    recording = read(recordings(tmp_path / "state")[0])

    found = [(each.claim, each.value) for each in judged if each.value is not None]
    assert found
    assert [(each.claim, each.value) for each in live] == found
    assert recording.view(recording.length_s).claims == live
    assert story(recording, None).claims == live
    assert story(recording, None).whole
