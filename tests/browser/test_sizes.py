"""Every page on every screen: nothing leaves it, nothing is cut off, a finger hits every target."""

import pytest

from tests.browser.conftest import CHROMIUM, SIZES, resize, scene
from tests.browser.legibility import ANYTHING, cut_off, page_size, small_targets

PAGES = {"/": 200, "/stage": 200, "/stage?layout=wall": 200, "/health": 200, "/nothing/here": 404}
ZOOMED = (960, 540)
"""A booth screen at 200 %."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_every_screen(visit, path):
    page = visit(path, status=PAGES[path])
    scene(page, "show")

    for name, size in {**SIZES, "zoomed": ZOOMED}.items():
        resize(page, size)
        assert (name, page_size(page)[0]) == (name, size[0])
        assert (name, cut_off(page, ANYTHING)) == (name, [])


@pytest.mark.parametrize("path", PAGES)
def test_a_finger_hits_whatever_can_be_pressed(visit, path):
    page = visit(path, status=PAGES[path])
    scene(page, "manual")

    for name in ("phone", "tablet", "booth"):
        resize(page, SIZES[name])
        assert (name, small_targets(page)) == (name, [])
