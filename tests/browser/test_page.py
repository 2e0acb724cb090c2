"""The control page without a browser: what it shows, what it sends, what it refuses to send."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from gtc_panel import text
from gtc_panel.bridge import Bridge
from gtc_panel.pages import control
from gtc_spec.errors import GtcError
from tests.browser.still_demo import StillDemo, scenes


class Page:
    """An open page and the demo behind it."""

    def __init__(self, user: User, demo: StillDemo, bridge: Bridge) -> None:
        self.user, self.demo, self._bridge = user, demo, bridge

    def element(self, marker: str) -> ui.element:
        (found,) = self.user.find(marker=marker).elements
        return found

    def says(self, marker: str) -> str:
        return self.element(marker).text

    async def draw(self) -> None:
        """Let the page draw what the demo is now."""
        await self._bridge.ticks.call(self._bridge.sample())

    async def press(self, marker: str) -> None:
        self.user.find(marker=marker).click()
        await asyncio.sleep(0.05)

    async def answer(self, label: str) -> None:
        dialogs = [each for each in self.user.find(kind=ui.dialog).elements if each.value]
        (button,) = [
            each
            for each in dialogs[-1].descendants()
            if isinstance(each, ui.button) and each.text == label
        ]
        await self._event(button, "click")

    async def drag(self, marker: str, value: object) -> None:
        await self._event(self.element(marker), "update:modelValue", value)

    async def key(self, name: str) -> None:
        (keyboard,) = self.user.find(kind=ui.keyboard).elements
        pressed = {"action": "keydown", "key": name, "code": name, "location": 0, "repeat": False}
        modifiers = dict.fromkeys(("altKey", "ctrlKey", "metaKey", "shiftKey"), False)
        await self._event(keyboard, "key", pressed | modifiers)

    async def _event(self, element: ui.element, kind: str, args: object = None) -> None:
        heard = [key for key, each in element._event_listeners.items() if each.type == kind]
        assert heard, f"nothing listens to {kind}"
        for key in heard:
            element._handle_event({"listener_id": key, "args": args})
        await asyncio.sleep(0.05)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    demo = StillDemo()
    bridge = Bridge(demo)
    async with user_simulation(lambda: control.build(demo, bridge)) as user:
        await user.open("/")
        yield Page(user, demo, bridge)


async def test_the_page_says_what_it_is_and_on_which_cluster(page):
    await page.user.should_see(text.TITLE)

    assert page.says("cluster") == "Rehearsal · prod"
    assert "who-lit" in page.element("who-KEDA").classes


async def test_start_and_stop_are_sent_without_a_question(page):
    page.demo.change(load=replace(page.demo.now.load, running=False))
    await page.draw()

    await page.press("start")
    await page.press("stop")

    assert page.demo.commands == ["start", "stop"]


async def test_escape_stops_the_load(page):
    await page.key("Escape")

    assert page.demo.commands == ["stop"]


async def test_escape_only_closes_an_open_question(page):
    await page.press("reset")
    await page.key("Escape")

    assert page.demo.commands == []


@pytest.mark.parametrize("what", ["reset", "auto"])
async def test_reset_and_a_change_of_mode_ask_first(page, what):
    await page.press(what)
    assert page.demo.commands == []
    await page.answer(text.CANCEL)
    assert page.demo.commands == []

    await page.press(what)
    await page.answer(text.CONFIRM_YES[what])

    assert page.demo.commands == [what]


async def test_a_dragged_share_moves_the_others_and_is_sent(page):
    await page.drag("chat", 70)

    assert page.demo.commands == [("set_load", None, "70/15/15")]
    assert page.element("summarization").value == 15
    assert page.says("reasoning-percent") == "15\u202f%"


async def test_the_page_stays_where_the_hand_left_it_until_the_service_has_caught_up(page):
    await page.drag("chat", 70)
    await page.draw()

    assert page.element("chat").value == 70


async def test_what_the_service_does_is_shown_and_never_sent_back(page):
    mix = {"chat": 0, "summarization": 100, "reasoning": 0}
    page.demo.change(load=replace(page.demo.now.load, rps=2.5, mix=mix))

    await page.draw()

    assert page.element("summarization").value == 100
    assert page.element("rps-slider").value == 2.5
    assert page.demo.commands == []


async def test_a_stopped_load_leaves_the_rate_where_it_was(page):
    page.demo.change(load=replace(page.demo.now.load, running=False, rps=0.0))

    await page.draw()

    assert page.element("rps-slider").value == 0.8


@pytest.mark.parametrize("sent", [None, "9", True, float("nan"), [1, 2]])
async def test_nonsense_from_a_browser_is_not_passed_on(page, sent):
    await page.drag("rps-slider", sent)

    assert page.demo.commands == []


async def test_a_preset_sends_the_load_of_its_phase(page):
    await page.press("preset-PREFILL_STRESS")

    stress = next(p for p in page.demo.environment.table.phases if p.name == "PREFILL_STRESS")
    assert page.demo.commands == [("set_load", stress.rps, str(stress.mix))]


async def test_while_the_scenario_drives_the_sliders_rest_and_say_why(page):
    scenes["show"](page.demo)
    await page.draw()

    for marker in ("chat", "rps-slider", "rps", "start", "preset-BALANCED"):
        assert not page.element(marker).enabled
    assert page.element("stop").enabled
    assert page.says("reason") == text.LOCKED["auto"]


async def test_the_show_has_a_name_a_countdown_and_a_sentence(page):
    scenes["show"](page.demo)
    await page.draw()

    assert page.says("phase") == "Prefill stress"
    assert page.says("countdown") == "0:30"
    assert "queue" in page.says("narration")


async def test_pools_show_ready_of_desired_and_why_a_worker_is_late(page):
    scenes["show"](page.demo)
    await page.draw()

    assert page.says("prefill") == "prefill 2/4"
    assert page.says("pool-reason") == "prefill: loading weights"


async def test_a_refusal_is_shown_with_its_hint(page):
    page.demo.refuse_with = GtcError("the lease is held by gtc-demo-1", "wait 15 s")

    await page.press("stop")

    assert page.user.notify.messages == ["the lease is held by gtc-demo-1; wait 15 s"]


async def test_a_problem_takes_the_line_under_the_title_and_gives_it_back(page):
    calm = page.says("notice")
    page.demo.change(problem="the frontend does not answer")
    await page.draw()
    assert page.says("notice") == "the frontend does not answer"

    page.demo.change(problem="")
    await page.draw()

    assert page.says("notice") == calm


async def test_the_end_date_takes_that_line_in_its_last_hour_unless_something_is_wrong(page):
    page.demo.change(ending="15 min left until the end date")
    await page.draw()
    assert page.says("notice") == "15 min left until the end date"

    page.demo.change(problem="the frontend does not answer")
    await page.draw()

    assert page.says("notice") == "the frontend does not answer"


async def test_nothing_known_is_drawn_as_dashes_and_not_as_zeros(page):
    scenes["unknown"](page.demo)
    await page.draw()

    assert page.says("prefill") == "prefill –/–"
    assert page.says("age") == text.data_age(text.NO_DATA, text.NO_DATA)
    assert page.says("all-ok") == "–"


async def test_a_latency_above_its_goal_says_so(page):
    assert page.says("ttft-verdict") == "goal p95 ≤ 4.00\u202fs"
    late = replace(page.demo.now.workloads["all"].ttft, p95_ms=9000.0)
    every = replace(page.demo.now.workloads["all"], ttft=late)
    page.demo.change(workloads={**page.demo.now.workloads, "all": every})

    await page.draw()

    assert page.says("ttft-verdict") == "▲ above goal 4.00\u202fs"


async def test_words_from_outside_are_never_read_as_html(page):
    page.demo.change(problem="<img src=x onerror=alert(1)>")
    await page.draw()

    assert page.says("notice") == page.demo.now.problem
    elements = page.user.client.elements.values()
    assert not [each for each in elements if isinstance(each, ui.html | ui.markdown)]
