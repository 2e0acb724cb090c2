"""Renders a recording into a video: the pages themselves, drawn by a browser frame after frame.

The clock of the replay stands still while a frame is drawn, so a slow machine makes the same video
as a fast one, only later. It must not know which recording it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import uvicorn
from fastapi import FastAPI
from nicegui import Client
from playwright.async_api import Page, async_playwright

from gtc_panel.app import attach
from gtc_panel.bridge import Bridge
from gtc_panel.recorded.replay import Replay
from gtc_panel.server import Server, bind
from gtc_runtime.recording.reader import Recording
from gtc_spec.errors import GtcError

Shown = Literal["stage", "control"]
PATHS: Final[dict[Shown, str]] = {"stage": "/stage", "control": "/"}
CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")

_FRAMES_S: Final = 4.0
"""Frames of one second of the video at most; a recording has one view a second."""
_FRAME_S: Final = 30.0
"""Longest that one frame may take to be drawn."""
_OPEN_S: Final = 60.0
_DRAWN: Final = """frame => new Promise(done => {
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(done));
  const look = () => window.gtcFrame >= frame ? drawn() : setTimeout(look, 5);
  look();
})"""


@dataclass(frozen=True)
class Cut:
    """What is rendered.

    Attributes:
        recording: Of what.
        from_s, until_s: Which part of it.
        speed: Seconds of the recording in one of the video.
        shown: Which page.
    """

    recording: Recording
    from_s: float
    until_s: float
    speed: float
    shown: Shown

    @property
    def frames_s(self) -> float:
        """Frames of a second of the video: none shows what the one before did."""
        return min(_FRAMES_S, self.speed)

    @property
    def frames(self) -> int:
        """How many there are."""
        return max(1, int((self.until_s - self.from_s) / self.speed * self.frames_s) + 1)


def tools() -> tuple[str, str]:
    """Paths of a Chromium and of ffmpeg.

    Raises:
        GtcError: One of them is not on PATH.
    """
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        raise GtcError("no Chromium on PATH", "apt-get install chromium, then repeat")
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise GtcError("no ffmpeg on PATH", "apt-get install ffmpeg, then repeat")
    return chromium, ffmpeg


async def render(cut: Cut, output: Path, progress: Callable[[int, int], None]) -> None:
    """Write the video.

    Args:
        cut: What is rendered.
        output: Where it goes; replaced when it is there.
        progress: Told after every frame: how many are done, of how many.

    Raises:
        GtcError: Chromium or ffmpeg is not there or gives up.
    """
    chromium, ffmpeg = tools()
    clock = _StandingClock()
    replay = Replay(
        cut.recording, speed=cut.speed, from_s=cut.from_s, until_s=cut.until_s, clock=clock
    )
    async with (
        _serving(replay) as (bridge, address),
        _page(chromium, address + PATHS[cut.shown]) as page,
        _film(ffmpeg, cut.frames_s, output) as film,
    ):
        for frame in range(cut.frames):
            clock.now_s = frame / cut.frames_s
            async with asyncio.timeout(_FRAME_S):
                await _draw(bridge, page, frame)
                picture = await page.screenshot(type="jpeg", quality=92, animations="disabled")
                film.write(picture)
                await film.drain()
            progress(frame + 1, cut.frames)


class _StandingClock:
    """Seconds that pass only when they are told to."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def _draw(bridge: Bridge, page: Page, frame: int) -> None:
    """Send the view of now to the page and wait until it is on screen."""
    bridge.ticks.emit(bridge.sample())
    for client in list(Client.instances.values()):
        client.run_javascript(f"window.gtcFrame = {frame}")
    await page.evaluate(_DRAWN, frame)


@contextlib.asynccontextmanager
async def _serving(replay: Replay) -> AsyncIterator[tuple[Bridge, str]]:
    """The pages on a port of this machine, for this one browser."""
    listener = bind("127.0.0.1", 0)
    app = FastAPI(docs_url=None, redoc_url=None)
    bridge = attach(app, replay, past=replay.past)
    server = Server(uvicorn.Config(app, log_config=None))
    task = asyncio.create_task(server.serve(sockets=[listener]), name="web")
    try:
        yield bridge, "http://{}:{}".format(*listener.getsockname()[:2])
    finally:
        server.should_exit = True
        await task
        listener.close()


@contextlib.asynccontextmanager
async def _page(chromium: str, address: str) -> AsyncIterator[Page]:
    """A page of a full-HD screen that has drawn itself once."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        )
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.goto(address, timeout=_OPEN_S * 1000)
        await page.wait_for_selector("canvas", timeout=_OPEN_S * 1000)
        yield page
        await browser.close()


@contextlib.asynccontextmanager
async def _film(ffmpeg: str, frames_s: float, output: Path) -> AsyncIterator[asyncio.StreamWriter]:
    """Takes pictures; the video is whole when the context ends."""
    command = [
        *(ffmpeg, "-loglevel", "error", "-f", "image2pipe", "-c:v", "mjpeg"),
        *("-framerate", f"{frames_s:g}", "-i", "-", "-r", "30"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"),
        *("-movflags", "+faststart", "-f", "mp4", "-y", str(output)),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None  # noqa: S101 - it was asked for
    broken = False
    try:
        yield process.stdin
    except (BrokenPipeError, ConnectionResetError):
        broken = True
    finally:
        process.stdin.close()
        async with asyncio.timeout(_OPEN_S):
            _, said = await process.communicate()
    if broken or process.returncode != 0:
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["it ended"]
        raise GtcError(f"ffmpeg: {last[0]}")
