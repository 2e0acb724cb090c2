"""The stage page in a real browser, on a full-HD and on a 4K wall."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import BOOTH, CHROMIUM, resize, scene
from tests.browser.legibility import FIGURES, cut_off, overlaps, page_size, text_sizes
from tests.browser.story_scenes import FIGURES as FIGURES_OF_PHASES

WALLS = [(1920, 1080), (3840, 2160)]
SMALLER = [(1366, 768), (1024, 768), (390, 844), (844, 390)]
CANVASES = {"/stage": 2, "/stage/wall": 3}
"""Both layouts, and how many charts each has."""
COST_MAX = 0.1
"""Share of a core that one display may cost the server at two draws a second."""
WATCH_S = 5.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]


@pytest.fixture
def stage(server, browser):
    opened = browser.new_page(viewport=BOOTH)
    complaints = []
    opened.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.server = server
    yield opened
    opened.close()
    assert complaints == []


def show(stage: Page, size: tuple[int, int], name: str, path: str = "/stage") -> None:
    stage.set_viewport_size({"width": size[0], "height": size[1]})
    stage.goto(stage.server.address + path)
    stage.wait_for_function(f"document.querySelectorAll('canvas').length === {CANVASES[path]}")
    scene(stage, name)


@pytest.mark.parametrize("path", CANVASES)
@pytest.mark.parametrize("size", WALLS)
def test_the_stage_fits_its_wall_and_its_figures_are_large(stage, size, path):
    show(stage, size, "PREFILL_STRESS", path)
    scale = size[1] / 1080

    assert page_size(stage) == size
    assert cut_off(stage) == []
    assert overlaps(stage) == []
    assert text_sizes(stage)[0] >= 31 * scale
    small, *figures = text_sizes(stage, FIGURES)
    assert small >= 40 * scale
    assert figures[0] >= 72 * scale


def test_each_phase_fits_and_the_claim_is_the_largest_text_of_a_recovery(stage):
    show(stage, WALLS[0], "calm")
    for name in (*FIGURES_OF_PHASES, "measuring", "ended", "red", "recorded"):
        scene(stage, name)

        assert page_size(stage) == WALLS[0]
        assert (name, cut_off(stage), overlaps(stage)) == (name, [], [])
        largest, claim = text_sizes(stage)[-1], text_sizes(stage, ".claim-text")[-1]
        assert (claim == largest) == (
            name.endswith("_RECOVERY") or name in ("measuring", "recorded")
        )


@pytest.mark.parametrize("path", CANVASES)
def test_the_stage_is_whole_on_smaller_screens(stage, path):
    show(stage, SMALLER[0], "PREFILL_RECOVERY", path)

    for size in SMALLER:
        resize(stage, size)
        assert (size, page_size(stage)[0]) == (size, size[0])
        assert (size, cut_off(stage), overlaps(stage)) == (size, [], [])


@pytest.mark.parametrize("path", CANVASES)
def test_the_longest_figures_leave_no_tile(stage, path):
    show(stage, WALLS[0], "worst", path)

    assert page_size(stage) == WALLS[0]
    assert overlaps(stage) == []


def test_old_data_are_covered_by_big_words(stage):
    show(stage, WALLS[0], "unknown")

    words = stage.locator(".stage-alarm-words")
    assert words.is_visible()
    assert words.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 72


@pytest.mark.alone
def test_a_display_costs_the_server_less_than_a_tenth_of_a_core(stage):
    show(stage, WALLS[0], "moving")
    pid = stage.server.pid

    before_s = cpu_s(pid)
    stage.wait_for_timeout(WATCH_S * 1000)
    with_display = (cpu_s(pid) - before_s) / WATCH_S

    assert cut_off(stage) == []
    assert with_display < COST_MAX


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
