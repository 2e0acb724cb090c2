"""The stage page without a browser: what it shows, and that nothing on it can be pressed."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from nicegui import ui
from nicegui.testing.user_simulation import user_simulation

from gtc_panel import stage_text
from gtc_panel.bridge import Bridge
from gtc_panel.pages import stage
from gtc_runtime.view import LoadView, WorkersView
from tests.browser.still_demo import StillDemo, scenes
from tests.browser.test_page import Page


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    demo = StillDemo()
    bridge = Bridge(demo)
    async with user_simulation(lambda: stage.build(demo, bridge)) as user:
        await user.open("/")
        yield Page(user, demo, bridge)


async def test_the_stage_names_the_phase_its_end_and_both_pools(page):
    scenes["show"](page.demo)
    await page.draw()

    assert page.says("phase") == "Prefill stress"
    assert page.says("countdown") == "0:30"
    assert (page.says("prefill"), page.says("decode")) == ("2/4", "3/3")
    assert page.says("scaler") == "Scaled by SCENARIO"


async def test_nothing_on_the_stage_can_be_pressed(page):
    await page.user.should_see("Llama 3.1 70B · 8× H200 · DigitalOcean")

    for kind in (ui.button, ui.input, ui.number, ui.slider, ui.keyboard, ui.link):
        await page.user.should_not_see(kind=kind)
    assert page.demo.commands == []


async def test_an_idle_stage_shows_nothing_wrong(page):
    page.demo.change(load=replace(LoadView(), light="green"), workloads={})
    await page.draw()

    assert page.says("phase") == stage_text.IDLE
    assert page.says("alarm") == ""
    await page.user.should_see(stage_text.VERDICT["idle"])
    await page.user.should_not_see(stage_text.VERDICT["no"])


async def test_data_that_are_too_old_cover_the_stage(page):
    page.demo.change(cluster_age_s=31.0)
    await page.draw()

    assert page.says("alarm") == "No data from the cluster for 31 s"


async def test_the_tile_says_what_its_activity_rests_on(page):
    page.demo.change(workers=WorkersView(prefill_tensor_active=0.63, decode_memory_active=0.81))
    await page.draw()
    assert page.says("activity") == stage_text.ACTIVITY["gpu"]

    page.demo.change(workers=WorkersView(prefill_in_flight=12, decode_in_flight=80))
    await page.draw()
    assert page.says("activity") == stage_text.ACTIVITY["requests"]
    await page.user.should_see("80")
