"""The stage page without a browser: what it shows, and that nothing on it can be pressed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from nicegui import ui

from gtc_panel import stage_text
from gtc_panel.pages import stage
from gtc_runtime.view import LoadView, WorkersView
from tests.browser.still_demo import scenes
from tests.browser.test_page import Page, opened


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with opened(stage.build) as page:
        yield page


@pytest.fixture
async def wall() -> AsyncIterator[Page]:
    async with opened(partial(stage.build, layout="wall")) as wall:
        yield wall


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
    assert {page.says("ttft-sign"), page.says("itl-sign")} == {stage_text.VERDICT["idle"]}


async def test_data_that_are_too_old_cover_the_stage(page):
    page.demo.change(cluster_age_s=31.0)
    await page.draw()

    assert page.says("alarm") == "No data from the cluster for 31 s"


async def test_the_tile_says_what_its_activity_rests_on(wall):
    busy = WorkersView(prefill_tensor_active=0.63, decode_memory_active=0.81)
    wall.demo.change(workers=busy, workers_age_s=1.0)
    await wall.draw()
    assert wall.says("activity") == stage_text.ACTIVITY["gpu"]

    wall.demo.change(workers=WorkersView(prefill_in_flight=12, decode_in_flight=80))
    await wall.draw()
    assert wall.says("activity") == stage_text.ACTIVITY["good"]
    await wall.user.should_see("95")


async def test_a_tile_that_has_nothing_to_say_makes_room_for_another(wall):
    assert wall.says("cache") == stage_text.KV_REUSE
    calm = wall.demo.now.workloads
    wall.demo.change(workloads={"all": calm["all"]})

    await wall.draw()

    assert wall.says("cache") == stage_text.TAILS
    await wall.user.should_see("TTFT p99")


async def test_the_story_shows_the_sentence_of_the_view_and_the_claim_of_its_phase(page):
    scenes["PREFILL_RECOVERY"](page.demo)
    await page.draw()

    assert page.says("sentence") == page.demo.now.phase.sentence.text
    claim = page.says("claim").replace("\u00a0", " ")
    assert claim == "TTFT p95 15.9 s → 2.60 s"
    assert page.says("claim-how") == "41 s after +2 prefill workers"
    assert page.says("chip-PREFILL_STRESS") == "✓ 6.2x"


async def test_what_ended_keeps_its_chips_and_is_summed_up(page):
    scenes["ended"](page.demo)
    await page.draw()

    assert page.says("chip-DECODE_RECOVERY") == "✗ 1.0x"
    await page.user.should_see("4 of 5 as claimed")


async def test_a_late_client_is_told_across_the_stage_and_no_goal_is_ticked(page):
    scenes["red"](page.demo)
    await page.draw()

    assert page.says("trust") == stage_text.DISTRUST["red"]
    assert {page.says("ttft-sign"), page.says("itl-sign")} == {stage_text.VERDICT["idle"]}


async def test_a_recording_says_so_and_shows_no_answer(page):
    scenes["recorded"](page.demo)
    await page.draw()

    assert page.says("recorded") == "RECORDED 2026-03-17"
    assert page.says("answer") == stage_text.NOT_RECORDED


async def test_a_queue_is_told_where_it_jams(page):
    scenes["PREFILL_STRESS"](page.demo)
    await page.draw()
    assert page.says("waiting") == "24 queueing for prefill"

    scenes["DECODE_STRESS"](page.demo)
    await page.draw()
    assert page.says("waiting") == "2 waiting for the first token"
    assert page.says("streaming") == "340 streaming too slowly"
