"""The checks as a page, and how all who look at it share one look."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from nicegui.testing.user_simulation import user_simulation

from gtc_panel.pages import health as page
from gtc_panel.planned import as_ordered
from gtc_runtime.checks.health import PERIOD_S, Health
from gtc_runtime.verdict import Report, Verdict, red
from gtc_runtime.view import DemoView, ProcessView
from tests.browser.still_demo import StillDemo, scenes

WORKERS = replace(
    red("prefill 2 of 4 (loading weights)", "all ready", "describe pod"), name="workers"
)
REPORT = Report(
    (
        Verdict("queue", "red", "no queue dynamo", "dynamo", "make cluster-config", 0.1),
        Verdict("nodes", "not-permitted", "our account may not look", "", "", 0.1),
        Verdict("workers", "green", "all there", "", "", 0.2),
    ),
    0.25,
)


class Looks:
    """Counts the looks; each takes until it is released."""

    def __init__(self) -> None:
        self.count = 0
        self.now_s = 100.0
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def look(self) -> Report:
        self.count += 1
        await self.may_end.wait()
        return REPORT

    def health(self) -> Health:
        return Health(self.look, lambda: self.now_s)


async def test_all_who_ask_at_the_same_time_share_one_look() -> None:
    looks = Looks()
    health = looks.health()

    reports = await asyncio.gather(*(health.report() for _ in range(5)))

    assert looks.count == 1
    assert reports == [REPORT] * 5


async def test_a_young_report_is_told_again_and_an_old_one_is_made_anew() -> None:
    looks = Looks()
    health = looks.health()
    await health.report()
    looks.now_s += PERIOD_S - 1
    await health.report()
    assert looks.count == 1

    looks.now_s += 2
    await health.report()

    assert looks.count == 2


async def test_a_client_that_leaves_takes_nothing_from_the_others() -> None:
    looks = Looks()
    looks.may_end.clear()
    health = looks.health()
    leaving = asyncio.create_task(health.report())
    staying = asyncio.create_task(health.report())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    looks.may_end.set()

    assert await staying == REPORT
    assert leaving.cancelled()
    assert looks.count == 1


async def test_closing_breaks_a_look_off() -> None:
    looks = Looks()
    looks.may_end.clear()
    health = looks.health()
    waiting = asyncio.create_task(health.report())
    await asyncio.sleep(0)

    await health.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_the_page_shows_every_check_and_what_to_do() -> None:
    health = Looks().health()
    async with user_simulation(lambda: page.build(health, StillDemo())) as user:
        await user.open("/")
        await user.should_see("Not ready")
        await user.should_see("1 red, 1 not-permitted, 1 green in 0.2\u202fs")
        await user.should_see("make cluster-config")
        await user.should_see("expected: dynamo")
        await user.should_see("our account may not look")


def show(seconds_after_order: float) -> DemoView:
    """Two prefill workers start; the show ordered them so long ago."""
    demo = StillDemo()
    scenes["show"](demo)
    ordered = datetime.fromisoformat(demo.now.events[-1].at)
    return replace(demo.now, at=(ordered + timedelta(seconds=seconds_after_order)).isoformat())


def test_workers_that_the_show_has_ordered_are_no_fault() -> None:
    assert as_ordered(WORKERS, show(100), worker_start_s=120)


def test_workers_that_are_late_are_a_fault() -> None:
    assert not as_ordered(WORKERS, show(181), worker_start_s=120)


def test_workers_that_nobody_ordered_are_a_fault() -> None:
    by_hand = replace(show(100), mode="manual")
    nothing_starts = replace(show(100), pools=StillDemo().now.pools)

    assert not as_ordered(WORKERS, by_hand, worker_start_s=120)
    assert not as_ordered(WORKERS, nothing_starts, worker_start_s=120)
    assert not as_ordered(replace(WORKERS, name="volume"), show(100), worker_start_s=120)


def test_a_report_is_a_good_one_when_only_ordered_workers_are_missing() -> None:
    report = Report((WORKERS, Verdict("nodes", "green", "all there")), 0.3)

    assert page.said(report, [WORKERS]).startswith("Ready · workers are starting")
    assert page.counted(report, [WORKERS]) == "1 green, 1 starting in 0.3\u202fs"
    assert page.said(report, []) == "Not ready"
    assert page.counted(report, []).startswith("1 red, 1 green")


def test_the_facts_tell_the_lag_of_the_loop_and_which_tasks_were_restarted() -> None:
    view = StillDemo().view()
    assert "loop lag – · no task restarted" in page.what_runs(view)
    process = ProcessView(0.012, {"view": 0, "readings": 3})
    told = page.what_runs(replace(view, process=process))
    assert "loop lag 12.0 ms · tasks restarted: readings 3" in told.replace("\u202f", " ")
