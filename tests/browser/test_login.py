"""Logging in with the key of a panel, from the keyboard."""

import pytest

from gtc_panel import text
from tests.browser.conftest import CHROMIUM, SIZES, resize, served
from tests.browser.legibility import ANYTHING, cut_off, page_size, small_targets
from tests.browser.test_access import WIDTHS, faults

KEY = "a-key-of-a-test"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]


@pytest.fixture(scope="module")
def server():
    """A panel that asks for a key before anything is pressed."""
    with served(KEY) as process:
        yield process


def test_the_login_can_be_read_pressed_and_heard(visit):
    page = visit("/login")

    for size in WIDTHS:
        resize(page, size)
        assert page_size(page)[0] == size[0]
        assert cut_off(page, ANYTHING) == []
        assert small_targets(page) == []
        assert faults(page) == []


def test_whoever_has_the_key_gets_in_by_typing_it(visit):
    page = visit("/login", SIZES["booth"])

    page.keyboard.type(KEY)
    page.keyboard.press("Enter")
    page.get_by_role("button", name=text.RESET).wait_for()

    assert page.get_by_text(text.LOOKING).count() == 0


def test_a_page_that_may_only_look_breaks_no_rule_and_says_where_to_log_in(visit):
    page = visit("/")

    assert page.get_by_role("link", name=text.LOG_IN).is_visible()
    assert faults(page) == []
