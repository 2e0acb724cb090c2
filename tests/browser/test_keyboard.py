"""A presenter without a mouse: everything can be reached, is seen then, and does what it says."""

import pytest
from playwright.sync_api import Page

from gtc_panel import text
from tests.browser.conftest import CHROMIUM, commands, scene

TABS = 60
"""More than there are places to stop at."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]

_FOCUSED = """() => {
  const node = document.activeElement, style = getComputedStyle(node);
  const box = node.getBoundingClientRect();
  const roles = { BUTTON: "button", A: "link", INPUT: "box", SUMMARY: "summary" };
  return {
    role: node.getAttribute("role") || roles[node.tagName] || null,
    name: node.getAttribute("aria-label") || node.innerText.trim().split("\\n")[0],
    value: node.getAttribute("aria-valuetext"),
    ring: style.outlineStyle === "solid" ? parseFloat(style.outlineWidth) : 0,
    inside: box.width > 0 && box.left >= 0 && box.right <= innerWidth
      && box.bottom > 0 && box.top < innerHeight,
  };
}"""


def tab_to(page: Page, role: str, name: str) -> dict:
    """Press Tab until it has the focus; wherever the focus goes it is to be seen and has a name."""
    for _ in range(TABS):
        page.keyboard.press("Tab")
        now = page.evaluate(_FOCUSED)
        if now["role"] is None:
            continue  # the browser's own bar, between the last and the first
        assert now["ring"] >= 2, now
        assert now["inside"], now
        assert now["name"], now
        if (now["role"], now["name"]) == (role, name):
            return now
    pytest.fail(f"{TABS} tabs do not lead to {role} {name}")


def press(page: Page, key: str) -> list[object]:
    """Press a key and give the commands that came of it."""
    before = len(commands(page))
    page.keyboard.press(key)
    page.wait_for_timeout(500)
    new = commands(page)[before:]
    # a slider tells its value twice; the second time it changes nothing
    return [command for place, command in enumerate(new) if command not in new[:place]]


@pytest.fixture
def page(visit) -> Page:
    opened = visit("/")
    scene(opened, "idle")
    return opened


def test_a_show_is_driven_from_the_keyboard_alone(page):
    tab_to(page, "button", text.START)
    assert press(page, "Enter") == ["start"]
    scene(page, "manual")

    tab_to(page, "slider", text.LOAD)
    assert press(page, "ArrowRight") == [["set_load", 0.85, None]]
    assert tab_to(page, "slider", "Chat")["value"] == "40 percent"
    assert press(page, "ArrowRight") == [["set_load", None, "41/30/29"]]
    assert page.evaluate(_FOCUSED)["value"] == "41 percent"

    tab_to(page, "button", "Balanced")
    (balanced,) = press(page, "Space")
    assert balanced[0] == "set_load"

    tab_to(page, "button", text.STOP)
    assert press(page, "Enter") == ["stop"]


@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_a_question_starts_on_its_harmless_answer_and_gives_the_focus_back(page, key):
    tab_to(page, "button", text.RESET)
    assert press(page, "Enter") == []
    assert page.get_by_role("dialog", name=text.CONFIRM["reset"][0]).is_visible()
    assert page.evaluate(_FOCUSED)["name"] == text.CANCEL

    assert press(page, key) == []

    assert page.get_by_role("dialog").count() == 0
    assert page.evaluate(_FOCUSED)["name"] == text.RESET


def test_the_focus_does_not_leave_an_open_question(page):
    tab_to(page, "button", text.RESET)
    press(page, "Enter")

    visited = set()
    for _ in range(6):
        page.keyboard.press("Tab")
        now = page.evaluate(_FOCUSED)
        visited |= {now["name"]} if now["role"] else set()

    assert visited == {text.CANCEL, text.CONFIRM_YES["reset"]}


def test_one_tree_of_names_serves_those_who_do_not_see(page):
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    sliders = [node for node in nodes if node.get("role", {}).get("value") == "slider"]

    assert {node["name"]["value"] for node in sliders} >= {text.LOAD, "Chat", "Summarization"}
    for node in sliders:
        facts = {each["name"]: each["value"].get("value") for each in node["properties"]}
        assert facts.get("focusable")
        assert node["value"]["value"] is not None
