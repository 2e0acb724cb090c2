"""Both pages over every second of the packaged show: nothing on them contradicts a figure on them.

Reads what stands on the pages and looks it up in the view that they were drawn from. It must not
know how a page chooses its words.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import pytest

from gtc_panel.pages import control, stage
from gtc_runtime.formats import latency, whole
from gtc_runtime.recording.reader import Recording
from gtc_runtime.view import DemoView, Quantiles
from tests.browser.still_demo import StillDemo
from tests.browser.test_page import Page, opened
from tests.contradictions import contradictions
from tests.unit.telling.test_recorded_cycle import packaged_show


@pytest.fixture(scope="module")
def show() -> Recording:
    return packaged_show()


@pytest.fixture
def demo(show: Recording) -> StillDemo:
    demo = StillDemo()
    demo.environment = show.environment
    demo.now = show.view(0)
    return demo


@pytest.fixture
async def presenters(demo: StillDemo) -> AsyncIterator[Page]:
    async with opened(control.build, demo) as page:
        yield page


@pytest.fixture
async def audiences(demo: StillDemo) -> AsyncIterator[Page]:
    async with opened(stage.build, demo) as page:
        yield page


async def walk(
    page: Page, show: Recording, read: Callable[[Page, DemoView], Iterator[str]]
) -> list[str]:
    """What each second shows against its own figures."""
    found: list[str] = []
    for second in range(int(show.length_s) + 1):
        view = show.view(second)
        page.demo.now = view
        await page.draw()
        found += [f"{second} s: {each}" for each in read(page, view)]
    return found


async def test_the_stage_contradicts_itself_in_no_second_of_a_show(audiences, show):
    assert await walk(audiences, show, stage_against_figures) == []


async def test_the_control_page_contradicts_itself_in_no_second_of_a_show(presenters, show):
    assert await walk(presenters, show, control_against_figures) == []


@pytest.mark.parametrize(
    ("marker", "wrong"),
    [("sentence", "Both goals hold: TTFT p95 1 ms, ITL p95 1 ms."), ("ttft-sign", "?")],
)
async def test_the_walk_sees_a_page_that_says_something_else(audiences, show, marker, wrong):
    view = audiences.demo.now = show.view(200)
    await audiences.draw()
    audiences.element(marker).set_text(wrong)

    assert list(stage_against_figures(audiences, view)) != []


def stage_against_figures(page: Page, view: DemoView) -> Iterator[str]:
    yield from _sentence(page.says("sentence"), view)
    yield from _claim(page, view)
    every, load = view.workloads["all"], view.load
    for sign, figures, goal_ms in (
        (page.says("ttft-sign"), every.ttft, view.goals.ttft_p95_ms),
        (page.says("itl-sign"), every.itl, view.goals.itl_p95_ms),
    ):
        believed = load.light in ("green", "unknown") or not load.running
        if sign != _goal_sign(figures, goal_ms, believed=believed):
            yield f"{sign} beside p95 {figures.p95_ms}, goal {goal_ms}, light {load.light}"
        if sign == "✗" and "oth goals hold" in page.says("sentence"):
            yield "both goals hold beside one that is missed"
    pools = {pool.role: pool for pool in view.pools}
    waiting, streaming = page.says("waiting"), page.says("streaming")
    if int(waiting.split()[0]) != load.waiting or int(streaming.split()[0]) != load.streaming:
        yield f"{waiting}, {streaming}: {load.waiting} wait and {load.streaming} stream"
    if ("queueing" in waiting) != (load.waiting > 2 * (pools["prefill"].ready or 0)):
        yield f"{waiting} at {pools['prefill'].ready} prefill workers"
    if "too slowly" in streaming and (every.itl.p95_ms or 0) <= view.goals.itl_p95_ms:
        yield f"{streaming} at ITL p95 {every.itl.p95_ms}"
    for role, pool in pools.items():
        if page.says(role) != f"{whole(pool.ready)}/{whole(pool.desired)}":
            yield f"{role} {page.says(role)}: {pool.ready} ready of {pool.desired}"


def control_against_figures(page: Page, view: DemoView) -> Iterator[str]:
    yield from _sentence(page.says("narration"), view)
    yield from _claim(page, view)
    every = view.workloads["all"]
    for key, figures, goal_ms in (
        ("ttft", every.ttft, view.goals.ttft_p95_ms),
        ("itl", every.itl, view.goals.itl_p95_ms),
    ):
        over = figures.p95_ms is not None and figures.p95_ms > goal_ms
        if ("above goal" in page.says(f"{key}-verdict")) != over:
            yield f"{page.says(f'{key}-verdict')} beside {latency(figures.p95_ms)}"
    if view.mode == "auto" and (following := view.control.next) is not None:
        told = page.says("next-workers")
        if (told == "workers ready") != (following.ready_in_s == 0):
            yield f"{told!r} when they are in {following.ready_in_s} s"


def _sentence(told: str, view: DemoView) -> Iterator[str]:
    sentence = replace(view.phase.sentence, text=told)
    yield from contradictions(replace(view, phase=replace(view.phase, sentence=sentence)).to_json())


def _claim(page: Page, view: DemoView) -> Iterator[str]:
    """The card shows one claim of the view, figures and all."""
    told = page.says("claim").replace("\u00a0", " ")
    if view.claims and not any(told in claim.text for claim in view.claims):
        yield f"{told!r} is no claim of {[claim.text for claim in view.claims]}"


def _goal_sign(figures: Quantiles, goal_ms: float, *, believed: bool) -> str:
    if figures.p95_ms is None or not believed:
        return "○"
    return "✓" if figures.p95_ms <= goal_ms else "✗"
