"""Photograph the stage page of a running panel: ``python tools/stage_pictures.py URL``.

Writes stage-1080p.png and stage-2160p.png to docs/pictures. Let `make demo` run in auto mode into
PREFILL_RECOVERY first, so that the charts have something to tell.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, Playwright, sync_playwright

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
WALLS = ((1920, 1080), (3840, 2160))


def main(url: str) -> int:
    """Take both pictures."""
    with sync_playwright() as playwright:
        for width, height in WALLS:
            page = opened(playwright, url, width, height)
            page.wait_for_timeout(2000)
            page.screenshot(path=PICTURES / f"stage-{height}p.png", timeout=120_000)
            print(f"docs/pictures/stage-{height}p.png")
    return 0


def opened(playwright: Playwright, url: str, width: int, height: int) -> Page:
    """The stage page in a browser of that size, its charts drawn."""
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
    )
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(f"{url}/stage", timeout=60_000)
    page.wait_for_function(
        "document.querySelectorAll('canvas').length === 3", polling=500, timeout=60_000
    )
    return page


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
