"""The presenter's page without its server: Stop arrives all the same, and nothing looks alive."""

import signal

import pytest

from tests.browser.conftest import CHROMIUM, DRAW_MS, commands, later, scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]

SAID = "document.querySelector('.stop-words').textContent"


@pytest.fixture
def page(server, browser):
    """A page that may complain: a browser logs what it cannot reach."""
    opened = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    opened.server = server
    opened.goto(server.address)
    opened.wait_for_function("document.querySelector('.key-stop') !== null")
    scene(opened, "manual")
    yield opened
    opened.context.close()


def test_a_stop_that_was_pressed_without_a_connection_arrives_once_it_is_back(page):
    before = len(commands(page))
    page.context.set_offline(True)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_function(f"{SAID}.startsWith('NOT delivered')")

    page.context.set_offline(False)

    page.wait_for_function(f"{SAID} === 'Stopped'")
    assert commands(page)[before:] == ["stop"]
    page.wait_for_function(f"{SAID} === 'Stop'")


def lose_unless_left_to_the_browser(route):
    if route.request.resource_type == "fetch":
        route.abort()
    else:
        route.continue_()


def test_a_stop_that_waits_goes_with_a_page_that_is_left(page):
    before = len(commands(page))
    page.route("**/api/workload/stop", lose_unless_left_to_the_browser)
    page.keyboard.press("Escape")
    page.wait_for_function(f"{SAID}.startsWith('NOT delivered')")

    page.goto(page.server.address + "/still/commands")

    page.wait_for_timeout(DRAW_MS)
    assert commands(page)[before:] == ["stop"]


def test_ages_go_on_and_everything_but_stop_greys_while_the_server_hangs(page):
    page.server.send_signal(signal.SIGSTOP)
    try:
        page.wait_for_function("document.querySelector('.ages').textContent.includes('4\\u202fs')")
        page.wait_for_function("document.body.matches('.silent')")
        assert not page.evaluate("document.body.matches('.silent-stale')")
        assert page.evaluate("document.querySelector('.modes').inert")
        later(page, 10)
        page.wait_for_function("document.querySelector('.chart-card').matches('.silent-stale *')")
        looks = page.evaluate(
            """['.badges', '.phase', '.chart-card', '.settings', '.modes', '.key-stop'].map(
               (part) => { let shown = 1;
                 for (let e = document.querySelector(part); e; e = e.parentElement)
                   shown *= getComputedStyle(e).opacity;
                 return shown < 1; })"""
        )
        assert looks == [True, True, True, True, True, False]
        assert page.evaluate("document.querySelector('.modes').inert")
        later(page, 45)
        page.wait_for_function(
            "!document.querySelector('.chart-card .figure-number').checkVisibility("
            "{visibilityProperty: true})"
        )
        covered = page.evaluate(
            """(() => { const b = document.querySelector('.key-stop').getBoundingClientRect();
               const top = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);
               return !top.closest('.key-stop'); })()"""
        )
        assert not covered
    finally:
        page.server.send_signal(signal.SIGCONT)
    page.wait_for_function("!document.body.matches('.silent')")


def test_escape_stops_although_a_question_cannot_close_while_the_server_hangs(page):
    before = len(commands(page))
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("dialog").wait_for()
    page.server.send_signal(signal.SIGSTOP)
    try:
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
        assert page.get_by_role("dialog").is_visible()
        assert page.evaluate(SAID) == "Stop"

        page.keyboard.press("Escape")

        page.wait_for_function(f"{SAID} !== 'Stop'")
    finally:
        page.server.send_signal(signal.SIGCONT)
    page.wait_for_function(f"{SAID} === 'Stopped'")
    assert commands(page)[before:] == ["stop"]


def test_one_escape_stops_where_nothing_is_heard_although_a_question_is_open(page):
    before = len(commands(page))
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("dialog").wait_for()
    page.server.send_signal(signal.SIGSTOP)
    try:
        page.wait_for_function("document.body.matches('.silent')")
        page.keyboard.press("Escape")
        page.wait_for_function(f"{SAID} !== 'Stop'")
    finally:
        page.server.send_signal(signal.SIGCONT)
    page.wait_for_function(f"{SAID} === 'Stopped'")
    assert commands(page)[before:] == ["stop"]


def test_the_safe_state_goes_as_surely_as_stop_and_what_came_of_each_step_stays(page):
    before = len(commands(page))
    said = "document.querySelector('.safe-words').textContent"
    page.context.set_offline(True)
    page.get_by_role("button", name="Safe state").click()
    page.wait_for_function(f"{said}.startsWith('NOT delivered')")

    page.context.set_offline(False)

    page.wait_for_function(f"{said} === 'Safe'")
    assert commands(page)[before:] == ["safe"]
    told = page.locator(".safe-told")
    assert told.inner_text().split("\n") == [
        "done: load off, open streams ended",
        "already so: keda scales",
    ]
    page.wait_for_function(f"{said} === 'Safe state'")
    told.click()
    assert not told.is_visible()


def test_the_key_of_the_safe_state_does_nothing_before_keys_are_armed(page):
    before = len(commands(page))
    page.keyboard.press("x")
    page.wait_for_timeout(DRAW_MS)
    assert commands(page)[before:] == []

    page.keyboard.press("?")
    page.get_by_role("button", name="Close").click()
    page.locator(".q-dialog").wait_for(state="detached")
    page.keyboard.press("x")

    page.wait_for_function("document.querySelector('.safe-words').textContent === 'Safe'")
    assert commands(page)[before:] == ["safe"]
