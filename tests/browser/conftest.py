"""A browser, and the panel over a demo that stands still."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
BOOTH = {"width": 1920, "height": 1080}
SIZES = {
    "phone": (390, 844),
    "phone on its side": (844, 390),
    "tablet": (1024, 768),
    "small laptop": (1280, 800),
    "laptop": (1366, 768),
    "booth": (1920, 1080),
    "wall": (3840, 2160),
}
"""Every screen that the panel is made for, width and height in CSS pixels."""
DRAW_MS = 1200
"""Two draws of the panel and a little more."""


def later(page: Page, seconds: float) -> None:
    """Let the clock of a page be later by so much, as if nothing had happened meanwhile."""
    ahead = f"const now = Date.now; Date.now = () => now() + {seconds * 1000};"
    page.evaluate(f"(() => {{ {ahead} }})()")


Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def server():
    """The panel over a still demo, in a process of its own; gives its address."""
    with served() as process:
        yield process


@contextmanager
def served(*more: str) -> Iterator[subprocess.Popen]:
    """A still demo of one's own; ``more`` as it is told on its command line."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    paths = os.pathsep.join(
        str(ROOT / part) for part in ("constructs", "dashboards", "rehearsal", "ui", "")
    )
    command = [sys.executable, str(Path(__file__).with_name("still_demo.py")), str(port), *more]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, cwd=ROOT)
    process.address = f"http://127.0.0.1:{port}"
    try:
        wait_until_served(process)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until_served(process):
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and process.poll() is None:
        try:
            urllib.request.urlopen(process.address + "/still/commands", timeout=1)
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the panel was not served within 30 s")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def visit(server, browser) -> Iterator[Visit]:
    """Opens pages of the panel; afterwards none may have complained or left the machine."""
    visits = Visits(browser, server)
    yield visits.open
    visits.leave()
    assert visits.complaints == []
    assert visits.foreign == []


class Visits:
    """Pages of one test, and what they said and asked for.

    Args:
        browser: Where they open.
        server: Whose pages they are; has an ``address``.
    """

    def __init__(self, browser: Browser, server: object) -> None:
        self._browser, self._server = browser, server
        self._pages: list[Page] = []
        self.complaints: list[str] = []
        self.foreign: list[str] = []

    def open(
        self, path: str = "/", size: tuple[int, int] = (1920, 1080), status: int = 200, **device
    ) -> Page:
        """Open a page at a size and wait until it is drawn.

        Args:
            path: Below the server's address.
            size: Width and height of the window.
            status: That the server has to answer with.
            device: More for the browser, such as ``has_touch`` or ``reduced_motion``.
        """
        viewport = {"width": size[0], "height": size[1]}
        page = self._browser.new_context(viewport=viewport, **device).new_page()
        self._pages.append(page)
        page.server = self._server
        address = self._server.address
        page.on("console", lambda said: self._hear(said, address + path if status != 200 else ""))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._check(request.url))
        answer = page.goto(address + path)
        assert answer.status == status
        page.wait_for_selector("h1", state="attached")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.chart, .stage-spark')]"
            ".every((chart) => chart.querySelector('canvas'))"
        )
        return page

    def leave(self) -> None:
        """Close them all."""
        for page in self._pages:
            page.context.close()

    def _hear(self, said: ConsoleMessage, refused: str) -> None:
        if said.type == "error" and said.location["url"] != refused:
            self.complaints.append(said.text)

    def _check(self, url: str) -> None:
        ours = (self._server.address, self._server.address.replace("http", "ws"), "data:", "blob:")
        if not url.startswith(ours):
            self.foreign.append(url)


def scene(page: Page, name: str) -> None:
    """Put a scene on screen, and wait until it is drawn."""
    request = urllib.request.Request(f"{page.server.address}/still/{name}", method="POST")
    urllib.request.urlopen(request, timeout=5)
    page.wait_for_timeout(DRAW_MS)


def commands(page: Page) -> list[object]:
    """Every command that the still demo has got so far."""
    return page.request.get(f"{page.server.address}/still/commands").json()


def resize(page: Page, size: tuple[int, int]) -> None:
    """Give the window another size, and wait until the page has taken it."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(300)
