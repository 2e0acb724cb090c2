"""A browser, and the panel over a demo that stands still."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
BOOTH = {"width": 1920, "height": 1080}


@pytest.fixture(scope="module")
def server():
    """The panel over a still demo, in a process of its own; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    paths = os.pathsep.join(str(ROOT / part) for part in ("constructs", "rehearsal", "ui", ""))
    command = [sys.executable, str(Path(__file__).with_name("still_demo.py")), str(port)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, cwd=ROOT)
    process.address = f"http://127.0.0.1:{port}"
    wait_until_served(process)
    yield process
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


def scene(page: Page, name: str) -> None:
    request = urllib.request.Request(f"{page.server.address}/still/{name}", method="POST")
    urllib.request.urlopen(request, timeout=5)
    page.wait_for_timeout(1200)
