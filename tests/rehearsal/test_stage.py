"""The stage page during a real rehearsal, on a full-HD and on a 4K wall."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.legibility import FIGURES, cut_off, overlaps, page_size, text_sizes
from tests.rehearsal.conftest import end, start
from tools.pictures import CANVASES, WALLS, chromium, opened

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed"),
]


def test_the_stage_is_legible_on_both_walls_while_the_show_runs(tmp_path):
    rehearsal = start(tmp_path, "--auto", mode="auto")
    try:
        rehearsal.wait_for(lambda view: view["workloads"]["all"]["itl"]["n"] > 50, 60)
        with sync_playwright() as playwright:
            browser = chromium(playwright)
            for (width, height), path in zip(WALLS, ("/stage", "/stage/wall"), strict=True):
                url = rehearsal.notes["urls"]["panel"] + path
                page = opened(browser, url, (width, height), CANVASES[path])
                page.wait_for_timeout(1500)

                assert page.locator(".stage-phase-name").inner_text() != "Ready"
                assert page_size(page) == (width, height)
                assert (cut_off(page), overlaps(page)) == ([], [])
                assert text_sizes(page)[0] >= 31 * height / 1080
                assert text_sizes(page, FIGURES)[1] >= 72 * height / 1080
    finally:
        end(rehearsal)
