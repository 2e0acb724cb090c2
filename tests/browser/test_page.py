"""The control page without a browser: what it shows, what it sends, what it refuses to send."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from gtc_panel import control_text, text
from gtc_panel.bridge import Bridge
from gtc_panel.pages import control
from gtc_runtime.told import ControlView, PreviousView, SentenceView
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

    async def type_rate(self, value: float | None, *, give_up: bool = False) -> None:
        """Type into the rate box, then leave it by Enter or by Esc."""
        field = self.element("rps")
        await self._event(field, "update:modelValue", value)
        if give_up:
            await self._event(self.element("rps-head"), "giveup")
        await self._event(field, "blur")

    def buttons(self) -> list[ui.button]:
        return [each for each in self.user.client.elements.values() if isinstance(each, ui.button)]

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

    async def _event(self, element: ui.element, kind: str, args: object = None) -> None:
        heard = [key for key, each in element._event_listeners.items() if each.type == kind]
        assert heard, f"nothing listens to {kind}"
        for key in heard:
            element._handle_event({"listener_id": key, "args": args})
        await asyncio.sleep(0.05)


@asynccontextmanager
async def opened(
    build: Callable[[StillDemo, Bridge], Awaitable[None]], demo: StillDemo | None = None
) -> AsyncIterator[Page]:
    """A page of a still demo; ``build`` lays it out."""
    demo = demo or StillDemo()
    bridge = Bridge(demo)
    async with user_simulation(lambda: build(demo, bridge)) as user:
        await user.open("/")
        yield Page(user, demo, bridge)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with opened(control.build) as page:
        yield page


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


async def test_load_by_hand_is_not_called_no_show(page):
    assert page.says("phase") == text.BY_HAND_TITLE

    page.demo.change(load=replace(page.demo.now.load, running=False))
    await page.draw()

    assert page.says("phase") == text.NO_LOAD


async def test_the_sentence_that_the_figures_chose_takes_the_place_of_the_standing_one(page):
    scenes["show"](page.demo)
    seen = SentenceView("The queue grows: 18 wait for their first token.", "holds")
    page.demo.change(phase=replace(page.demo.now.phase, sentence=seen))

    await page.draw()

    assert page.says("narration") == seen.text


@pytest.mark.parametrize(("typed", "used"), [(-5.0, 0), (41.0, 40), (1e9, 40), (None, 0.8)])
async def test_a_rate_that_cannot_be_says_what_can_and_shows_what_is_used(page, typed, used):
    await page.type_rate(typed)

    assert page.element("rps").value == page.element("rps-slider").value == used
    assert page.says("rate-note") == "0 to 40"


async def test_a_second_rate_can_be_typed_without_leaving_the_box(page):
    await page.type_rate(41.0)
    await page.type_rate(-5.0)

    assert page.element("rps").value == page.element("rps-slider").value == 0
    assert [rate for _, rate, _ in page.demo.commands] == [40, 0]


async def test_a_rate_that_can_be_is_sent_without_a_remark(page):
    await page.type_rate(2.5)

    assert page.demo.commands == [("set_load", 2.5, None)]
    assert page.says("rate-note") == ""


async def test_what_was_typed_and_given_up_is_not_sent(page):
    await page.type_rate(9.0, give_up=True)

    assert page.element("rps").value == 0.8
    assert page.demo.commands == []


async def test_the_slider_reaches_as_far_as_the_rate(page):
    usual = page.element("rps-slider").props["max"]

    await page.type_rate(30.0)

    assert usual < 30
    assert page.element("rps-slider").props["max"] == 40


async def test_a_share_dragged_to_the_end_and_back_leaves_the_others_as_they_were(page):
    for percent in (70, 100, 40):
        await page.drag("chat", percent)

    assert page.demo.commands[-1] == ("set_load", None, "40/30/30")


async def test_nothing_can_be_started_while_nothing_is_known(page):
    scenes["unknown"](page.demo)
    await page.draw()

    assert not page.element("start").enabled
    assert page.says("reason") == text.LOCKED["unknown"]


async def test_the_show_can_be_held_let_go_on_made_longer_and_led_on(page):
    scenes["show"](page.demo)
    await page.draw()
    assert page.says("next-phase") == "Next: Prefill recovery"
    assert page.says("next-workers") == "workers ready in 0:48"

    await page.press("hold")
    page.demo.change(control=replace(page.demo.now.control, holding=True))
    await page.draw()
    for marker in ("hold", "extend", "next"):
        await page.press(marker)

    assert page.demo.commands == [("hold", True), ("hold", False), "extend", "next_phase"]


async def test_without_a_show_the_last_change_can_be_undone(page):
    scenes["manual"](page.demo)
    await page.draw()
    assert page.says("undo") == "Undo: 0.8 rps, 40/30/30"

    await page.press("undo")
    page.demo.change(control=ControlView())
    await page.draw()

    assert page.demo.commands == ["undo"]
    assert not page.element("undo").enabled


async def test_a_show_that_was_just_stopped_can_be_resumed_for_some_seconds(page):
    await page.user.should_not_see(marker="resume")
    page.demo.change(control=ControlView(resume_s=9.0))
    await page.draw()
    assert page.says("resume") == "Resume the show (9 s)"

    await page.press("resume")

    assert page.demo.commands == ["resume_show"]


async def test_a_restarted_panel_says_what_ran_and_starts_it_again(page):
    await page.user.should_not_see(marker="start-again")
    told = "This panel was restarted: load 0.8 rps ran and is off"
    page.demo.change(previous=PreviousView(told, startable=True))
    await page.draw()
    assert page.says("notice") == told

    await page.press("start-again")

    assert page.demo.commands == ["start_again"]


async def test_who_is_in_control_is_told_with_since_when_and_by_whom(page):
    scenes["show"](page.demo)
    await page.draw()

    assert re.fullmatch(r"since \d\d:\d\d:00, page 127.0.0.1", page.says("since"))


async def test_a_real_cluster_says_what_it_costs_and_a_recording_that_it_is_one(page):
    assert page.says("cluster-note") == ""
    page.demo.change(cluster="Live", usd_h=35.6)
    await page.draw()
    assert page.says("cluster-note") == "about 36 USD an hour"

    page.demo.change(recorded="2026-03-16T18:00:05+00:00")
    await page.draw()

    assert page.says("cluster-note") == "RECORDED 2026-03-16"


async def test_every_key_of_the_overlay_has_one_button(page):
    listed = [key for key, _ in control_text.keys(list(text.PRESETS))]
    carried = [each.props["data-key"] for each in page.buttons() if "data-key" in each.props]

    assert sorted([*carried, text.STOP_KEY]) == sorted(listed)


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
    assert page.says("all-good/s") == "–"


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
