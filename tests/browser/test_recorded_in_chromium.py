"""A recording on the pages of a panel whose cluster died, and a recording as a video."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gtc_runtime.recording.folder import folder, recordings
from gtc_spec.environment import load
from tests.browser.conftest import BOOTH, CHROMIUM, commands, scene
from tests.unit.recording.test_recording import record, show

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Path:
    environment = load("prod")
    last = len(environment.timeline.segments) - 1
    state_dir = tmp_path_factory.mktemp("state")
    record(folder(state_dir), environment, show(environment, [None, *range(last + 1), None]))
    return recordings(state_dir)[0]


def opened(browser, server, path):
    page = browser.new_page(viewport=BOOTH)
    page.server = server
    page.goto(server.address + path)
    page.wait_for_selector("canvas")
    return page


def test_one_press_shows_the_recording_on_all_pages_and_one_the_demo_again(browser, server):
    control, stage = opened(browser, server, "/"), opened(browser, server, "/stage")
    scene(control, "worst")
    before = len(commands(control))
    control.get_by_text("Play the recording").click()
    for page in (control, stage):
        page.get_by_text("RECORDED").first.wait_for(timeout=15_000)
    control.get_by_text("Stop", exact=True).first.click()
    control.wait_for_timeout(500)
    control.get_by_text("Back to live").click()
    for page in (control, stage):
        page.get_by_text("RECORDED").first.wait_for(state="hidden", timeout=15_000)

    assert commands(control)[before:] == ["stop"]
    control.close()
    stage.close()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on PATH")
def test_a_video_lasts_as_long_as_what_it_shows_whatever_drawing_takes(recording, tmp_path):
    output = tmp_path / "demo.mp4"
    subprocess.run(
        [sys.executable, "-m", "gtc_cli", "record-video", str(recording), "-o", str(output),
         "--from", "0", "--length", "10", "--speed", "2"],
        check=True, timeout=170, capture_output=True,
    )  # fmt: skip

    found = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=width,height:format=duration",
         "-of", "csv=p=0", str(output)],
        check=True, capture_output=True, text=True, timeout=30,
    ).stdout.split()  # fmt: skip
    assert found[0] == "1920,1080"
    assert float(found[1]) == pytest.approx(5, abs=0.6)
