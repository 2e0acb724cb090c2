"""Photograph the pages for docs/pictures: ``python tools/pictures.py [RECORDING]``.

Without a recording the pages show scenes of the still demo; with one they play it from two thirds
of each phase on. Needs chromium.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from gtc_runtime.recording import reader
from gtc_spec.environment import load

ROOT: Final = Path(__file__).resolve().parent.parent
PICTURES: Final = ROOT / "docs" / "pictures"
SCREEN, WALLS = (1280, 720), ((1920, 1080), (3840, 2160))
PHONE: Final = (390, 844)
CANVASES: Final = {"/": 2, "/stage": 2, "/stage/wall": 3}
STARTED_S: Final = 60.0


class Shot(NamedTuple):
    """One picture: its file, the page, its size."""

    file: str
    path: str
    size: tuple[int, int]


HEALTH: Final = Shot("health.png", "/health", SCREEN)


def main(recording: Path | None) -> int:
    """Take every picture."""
    phases = [str(phase.name) for phase in load("prod").table.phases]
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for phase in phases:
            with served(phase, recording) as url:
                for shot in shots(phase):
                    take(browser, url, shot)
                    print(f"docs/pictures/{shot.file}")
        with served(phases[0], None) as url:  # a recording has no checks to show
            take(browser, url, HEALTH)
            print(f"docs/pictures/{HEALTH.file}")
    return 0


def shots(phase: str) -> Iterator[Shot]:
    """What is photographed in a phase; control and the phone while prefill recovers."""
    name = phase.lower().replace("_", "-")
    yield Shot(f"story/{name}.png", "/stage", SCREEN)
    yield Shot(f"wall/{name}.png", "/stage/wall", SCREEN)
    if phase == "PREFILL_RECOVERY":
        yield Shot("panel.png", "/", WALLS[0])
        yield Shot("phone.png", "/", PHONE)


def chromium(playwright: Playwright) -> Browser:
    """Debian's browser."""
    return playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
    )


def take(browser: Browser, url: str, shot: Shot) -> None:
    """Open the page and write its picture."""
    page = opened(browser, url + shot.path, shot.size, CANVASES.get(shot.path, 0))
    page.wait_for_timeout(2000)
    file = PICTURES / shot.file
    file.parent.mkdir(exist_ok=True)
    page.screenshot(path=file, timeout=120_000)
    page.close()


def opened(browser: Browser, url: str, size: tuple[int, int], canvases: int) -> Page:
    """A page of that size, its charts drawn."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(url, timeout=60_000)
    drawn = f"document.querySelectorAll('canvas').length >= {canvases}"
    page.wait_for_function(drawn, polling=500, timeout=60_000)
    return page


@contextmanager
def served(phase: str, recording: Path | None) -> Iterator[str]:
    """A panel that shows the phase; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    if recording is None:
        command = [sys.executable, "-m", "tests.browser.still_story", port, phase]
    else:
        start_s = two_thirds(recording, phase)
        command = [sys.executable, "-m", "gtc_cli", "replay", str(recording), "--speed", "0.1"]
        command += ["--from", f"{start_s:.0f}", "--port", port]
    paths = os.pathsep.join(
        str(ROOT / part) for part in ("constructs", "dashboards", "rehearsal", "ui", "")
    )
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, cwd=ROOT)
    try:
        yield answering(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait()


def two_thirds(recording: Path, phase: str) -> float:
    """Where in a recording two thirds of a phase are over, seconds."""
    found = reader.read(recording)
    start_s = found.start_of(phase)
    inside = [at for at, view in found.views(start_s) if view.phase.name == phase]
    return inside[0] + (inside[-1] - inside[0]) * 2 / 3


def answering(url: str, process: subprocess.Popen[bytes]) -> str:
    """The address once it answers.

    Raises:
        SystemExit: It did not within a minute.
    """
    give_up = time.monotonic() + STARTED_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/stage", timeout=5)  # noqa: S310 - our own process
        except OSError:
            time.sleep(0.3)
        else:
            return url
    raise SystemExit(f"the panel did not answer at {url} within {STARTED_S:.0f} s")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
