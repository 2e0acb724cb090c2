"""The control page on a phone and in two windows, and for eyes that want it otherwise."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import CHROMIUM, SIZES, commands, scene

STEP_S = 1.0
"""Longest time until another window shows what was done in this one."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]


def share(page: Page, name: str) -> str:
    return page.get_by_role("slider", name=name).get_attribute("aria-valuenow")


def drag_with_a_finger(page: Page, name: str, to: float) -> None:
    """Put a finger on a slider's value and move it to a share of its length."""
    slider = page.get_by_role("slider", name=name)
    slider.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
    box, session = slider.bounding_box(), page.context.new_cdp_session(page)
    y, begin = box["y"] + box["height"] / 2, float(slider.get_attribute("aria-valuenow")) / 100
    for step in range(11):
        x = box["x"] + box["width"] * (begin + (to - begin) * step / 10)
        kind = "touchMove" if step else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(20)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(600)


def test_a_finger_drags_a_share_on_a_phone(visit):
    page = visit("/", SIZES["phone"], has_touch=True, is_mobile=True, device_scale_factor=3)
    scene(page, "manual")
    before = len(commands(page))

    drag_with_a_finger(page, "Chat", to=0.8)

    assert abs(int(share(page, "Chat")) - 80) <= 2
    name, rps, mix = commands(page)[-1]
    assert len(commands(page)) > before
    assert (name, rps) == ("set_load", None)
    assert mix.split("/")[0] == share(page, "Chat")


def test_a_mouse_drags_a_share_there_and_back_and_the_other_window_follows(visit):
    here, there = visit("/"), visit("/")
    scene(here, "manual")
    names = ("Chat", "Summarization", "Reasoning")
    before = [share(here, name) for name in names]
    slider = here.get_by_role("slider", name="Chat")
    box, begin = slider.bounding_box(), float(before[0]) / 100
    y = box["y"] + box["height"] / 2

    here.mouse.move(box["x"] + box["width"] * begin, y)
    here.mouse.down()
    here.mouse.move(box["x"] + box["width"] * 0.95, y, steps=12)
    there.wait_for_function(
        "Number(document.querySelector('[role=slider][aria-label=Chat]').ariaValueNow) >= 90",
        timeout=STEP_S * 1000,
    )
    here.mouse.move(box["x"] + box["width"] * begin, y, steps=12)
    here.mouse.up()
    here.wait_for_timeout(STEP_S * 1000)

    chat, first, second = (int(share(here, name)) for name in names)
    assert abs(chat - int(before[0])) <= 5, "the track begins a little beside its box"
    assert abs(first - second) <= 1, "the others were alike, and still are"
    assert [int(share(there, name)) for name in names] == [chat, first, second]


def test_two_windows_are_in_step(visit):
    here, there = visit("/"), visit("/")
    scene(here, "manual")

    here.get_by_role("slider", name="Chat").focus()
    here.keyboard.press("ArrowRight")

    there.wait_for_function(
        "document.querySelector('[role=slider][aria-label=Chat]').ariaValueNow === '41'",
        timeout=STEP_S * 1000,
    )
    assert share(here, "Chat") == "41"


@pytest.mark.parametrize("path", ["/", "/stage"])
def test_nothing_disappears_for_eyes_that_want_it_otherwise(visit, path):
    page = visit(path)
    scene(page, "show")
    usual = seen(page)

    for wish in ({"reduced_motion": "reduce"}, {"contrast": "more"}, {"forced_colors": "active"}):
        page.emulate_media(**wish)
        assert seen(page) == usual, wish
        assert bare(page) == [], wish


def seen(page: Page) -> list[str]:
    """What can be read, without the figures that move by themselves."""
    return [word for word in page.inner_text("body").split() if not any(map(str.isdigit, word))]


SIGNS = [".tile", ".strip-act-bar"]
SLIDERS = [".q-slider__selection", ".q-slider__thumb"]


def bare(page: Page) -> list[str]:
    """Signs without words that have neither a surface nor an edge of their own."""
    signs = SIGNS + ([] if page.url.endswith("/stage") else SLIDERS)
    assert [each for each in signs if not page.locator(each).count()] == []
    return page.evaluate(
        """(signs) => [...document.querySelectorAll(signs)].filter((sign) => {
            const { borderTopWidth, backgroundColor, color } = getComputedStyle(sign);
            const ground = getComputedStyle(document.body).backgroundColor;
            const drawn = sign.matches(".q-slider__thumb") ? color : backgroundColor;
            return borderTopWidth === "0px" && (drawn === "rgba(0, 0, 0, 0)" || drawn === ground);
          }).map((sign) => sign.className)""",
        ", ".join(signs),
    )
