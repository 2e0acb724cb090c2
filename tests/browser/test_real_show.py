"""A show that is played for real: a rehearsal, and both pages open in front of it."""

import re

import pytest
from playwright.sync_api import Page

from gtc_panel import text
from tests.browser.conftest import CHROMIUM, resize
from tests.browser.legibility import page_size
from tests.browser.test_access import WIDTHS, faults
from tests.rehearsal.conftest import end, start

TIME_SCALE = "0.05"
PHASES = 4
"""How many of them go by before the presenter has seen enough."""
STEP_S = 1.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]

_LISTEN = """() => {
  const line = document.querySelector("[role=status].unseen");
  window.told = [];
  const hear = () => window.told.push([line.textContent.split(/[.,]/)[0], Date.now()]);
  new MutationObserver(hear).observe(line, { characterData: true, childList: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The panel of a whole rehearsal on this machine."""
    folder = tmp_path_factory.mktemp("show")
    running = start(folder, "--env", "cpu", "--time-scale", TIME_SCALE)
    try:
        running.address = running.notes["urls"]["panel"]
        yield running
    finally:
        end(running)


def phases(page: Page) -> dict[str, float]:
    """When each phase was first told on a page, seconds."""
    first: dict[str, float] = {}
    for name, at_ms in page.evaluate("window.told"):
        first.setdefault(name, at_ms / 1000)
    return first


def test_a_show_goes_by_on_both_pages_and_a_stopped_one_can_be_resumed(visit):
    control, stage = visit("/"), visit("/stage")
    for page in (control, stage):
        page.evaluate(_LISTEN)

    control.get_by_role("button", name=text.AUTO, exact=True).click()
    control.get_by_role("button", name=text.CONFIRM_YES["auto"]).click()
    seen = f"new Set(window.told.map(([name]) => name)).size >= {PHASES}"
    control.wait_for_function(seen, timeout=90_000)
    stage.wait_for_function(seen, timeout=STEP_S * 1000)

    here, there = phases(control), phases(stage)
    assert list(here)[:PHASES] == list(there)[:PHASES]
    assert all(abs(here[name] - there[name]) <= STEP_S for name in list(here)[:PHASES])

    control.get_by_role("button", name=re.compile(f"^{text.STOP}")).click()

    control.get_by_role("button", name=re.compile("^Resume the show")).wait_for(timeout=5_000)
    server_view = control.request.get(f"{control.server.address}/api/status").json()
    assert server_view["load"]["running"] is False
    assert server_view["mode"] in ("manual", "stopping")


def test_the_page_about_rest_breaks_no_rule_of_access(visit):
    page = visit("/api/docs")

    for size in WIDTHS:
        resize(page, size)
        assert page_size(page)[0] == size[0]
        assert faults(page) == []
