"""Every page and every dialog against the rules of axe, in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from gtc_panel import control_text, text
from tests.browser.conftest import CHROMIUM, SIZES, resize, scene

WIDTHS = [SIZES[name] for name in ("booth", "tablet", "phone")]
PAGES = {"/": 200, "/stage": 200, "/stage?layout=wall": 200, "/health": 200, "/nothing/here": 404}
SCENES = {"/health": ["show"], "/nothing/here": ["show"]}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]


def faults(page: Page, within: str = "html") -> list[str]:
    """What axe finds wrong, worst first, with the element that it is about."""
    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{each['impact']} {each['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for each in found
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_rule_of_access(visit, path):
    page = visit(path, status=PAGES[path])

    for name in SCENES.get(path, ["manual", "unknown", "recorded", "show"]):
        scene(page, name)
        assert faults(page) == []
    for size in WIDTHS[1:]:
        resize(page, size)
        assert faults(page) == []


@pytest.mark.parametrize("what", ["reset", "auto", "manual"])
def test_a_question_breaks_no_rule_of_access(visit, what):
    page = visit("/")
    scene(page, "show" if what == "manual" else "manual")
    opener = {"reset": text.RESET, "auto": text.AUTO, "manual": text.MANUAL}[what]

    page.get_by_role("button", name=opener, exact=True).click()
    page.get_by_role("dialog", name=text.CONFIRM[what][0]).wait_for()
    page.wait_for_timeout(500)

    for size in WIDTHS:
        resize(page, size)
        assert faults(page, "[role=dialog]") == []


def test_the_list_of_keys_breaks_no_rule_of_access(visit):
    page = visit("/")

    page.get_by_role("button", name=control_text.KEYS_TITLE, exact=True).click()
    page.get_by_role("dialog", name=control_text.KEYS_TITLE).wait_for()
    page.wait_for_timeout(500)

    for size in WIDTHS:
        resize(page, size)
        assert faults(page, "[role=dialog]") == []
