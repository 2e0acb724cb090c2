"""The control page in a real browser at the size of a booth screen."""

import re
import signal

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import BOOTH, CHROMIUM, commands, later, scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]


@pytest.fixture
def page(server, browser):
    """An open page; afterwards nothing may have complained or left the machine."""
    opened = browser.new_page(viewport=BOOTH)
    complaints, requests = [], []
    opened.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(server.address)
    opened.wait_for_function("document.querySelectorAll('canvas').length === 2")
    opened.server = server
    yield opened
    opened.close()
    assert complaints == []
    foreign = [url for url in requests if not url.startswith((server.address, "data:", "blob:"))]
    assert foreign == []


PARTS = [".card", ".badge", ".notice", ".presenter", ".tile", ".strip-act"]
PARTS += [".key-button:not(.presenter *, .notice *)"]


def boxes(page: Page) -> list[list[list[float]]]:
    found = page.evaluate(
        """(parts) => parts.map((part) => [...document.querySelectorAll(part)]
           .map(e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]
           .map(Math.round); }))""",
        PARTS,
    )
    assert all(found), dict(zip(PARTS, found, strict=True))
    return found


@pytest.mark.parametrize("name", ["show", "worst", "unknown"])
def test_the_page_fits_a_booth_screen_without_scrolling(page, name, tmp_path):
    scene(page, name)

    page.screenshot(path=tmp_path / f"{name}.png")
    height, width = page.evaluate(
        "[document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
    )
    assert (width, height) == (BOOTH["width"], BOOTH["height"])
    assert (tmp_path / f"{name}.png").stat().st_size > 50_000


def test_nothing_moves_when_the_figures_do(page):
    scene(page, "show")
    before = boxes(page)

    scene(page, "worst")

    assert boxes(page) == before


@pytest.mark.parametrize("size", [(1366, 768), (3840, 2160)])
def test_the_page_grows_and_shrinks_with_the_screen(page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(300)

    height = page.evaluate("document.documentElement.scrollHeight")
    assert height == size[1]


def test_escape_stops_the_load_wherever_the_focus_is(page):
    for focus in (page.get_by_label("RPS"), page.get_by_role("button", name="Reset"), page):
        if focus is not page:
            focus.focus()
        before = len(commands(page))

        page.keyboard.press("Escape")
        page.wait_for_timeout(400)

        assert commands(page)[before:] == ["stop"]


def test_a_slider_can_be_moved_from_the_keyboard(page):
    scene(page, "manual")
    before = len(commands(page))
    page.get_by_role("slider", name="Chat").focus()

    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(600)

    first, *again = commands(page)[before:]
    assert first == ["set_load", None, "41/30/29"]
    assert all(each == first for each in again)  # it tells its value twice


def test_single_keys_press_nothing_before_they_are_armed_and_never_while_typing(page):
    scene(page, "manual")
    before = len(commands(page))
    page.keyboard.press("z")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_label("RPS").focus()
    page.keyboard.press("z")
    page.get_by_label("RPS").blur()
    page.wait_for_timeout(400)
    assert commands(page)[before:] == []

    page.keyboard.press("3")
    page.keyboard.press("z")

    page.wait_for_timeout(600)
    assert commands(page)[before:] == [["set_load", 1.25, "0/100/0"], "undo"]


def test_a_page_that_hears_nothing_says_so(page):
    silent = "document.body.classList.contains"
    page.server.send_signal(signal.SIGSTOP)
    try:
        page.wait_for_function(f"{silent}('silent')", timeout=10_000)
        assert not page.evaluate(f"{silent}('silent-stale')")
        later(page, 10)
        page.wait_for_function(f"{silent}('silent-stale')", timeout=10_000)
        assert not page.evaluate(f"{silent}('silent-blank')")
        later(page, 45)
        page.wait_for_function(f"{silent}('silent-blank')", timeout=10_000)
    finally:
        page.server.send_signal(signal.SIGCONT)
    page.wait_for_function(f"!{silent}('silent')", timeout=15_000)


FIGURES = """() => [...document.querySelectorAll(".figure")]
  .filter((each) => each.checkVisibility())
  .map((each) => [each.querySelector(".figure-number").textContent,
                  parseFloat(getComputedStyle(each).opacity) < 1])"""


@pytest.mark.parametrize("path", ["/", "/stage", "/stage/wall"])
def test_old_figures_are_grey_with_their_age_and_then_blank_and_never_0(page, path):
    page.goto(page.server.address + path)
    page.wait_for_function("document.querySelector('.figure') !== null")
    scene(page, "stale")
    shown = page.evaluate(FIGURES)
    assert shown
    assert all(grey for number, grey in shown if number != "–")
    assert any(number != "–" for number, _ in shown)
    assert re.search(r"2[34]\s*s", page.inner_text("body"))

    scene(page, "blank")
    assert {number for number, _ in page.evaluate(FIGURES)} == {"–"}
    assert page.evaluate("!document.body.innerText.match(/\\b0\\/\\d|\\d\\/0\\b/)")
