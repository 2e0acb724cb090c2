"""`gtc record-video`: a recorded show as a video, for the day on which nothing else works."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import cast

import click

from gtc_cli import options
from gtc_cli.recordings import chosen
from gtc_panel.recorded.replay import SPEEDS
from gtc_panel.recorded.video import PATHS, Cut, Shown, render
from gtc_runtime.formats import countdown


@click.command("record-video")
@chosen.file
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default="demo.mp4",
    help="Where the video goes. [default demo.mp4]",
)  # fmt: skip
@click.option(
    "--page", type=click.Choice(tuple(PATHS)), default="stage", help="Which page. [default stage]"
)
@click.option(
    "--speed", type=click.FloatRange(*SPEEDS), default=1.0,
    help="Seconds of the show in one of the video. [default 1]",
)  # fmt: skip
@click.option(
    "--from", "start", metavar="SECONDS|PHASE", default=None,
    help="Where to begin. [default the last whole show]",
)  # fmt: skip
@click.option(
    "--length", metavar="SECONDS", type=click.FloatRange(min=1), default=None,
    help="How much of the show. [default to its end]",
)  # fmt: skip
@options.state_dir
def record_video(
    file: Path | None,
    output: Path,
    page: str,
    speed: float,
    start: str | None,
    length: float | None,
    state_dir: Path | None,
) -> None:
    """Render a recorded show into a video of 1920x1080, by a browser and ffmpeg.

    Timing does not depend on how fast this machine draws. Do it when no show runs here: it takes
    all the CPU that it gets.
    """
    recording = chosen.choose(file, state_dir).recording
    from_s, until_s = 0.0, recording.length_s
    if start is not None:
        from_s = chosen.start_s(recording, start)
    elif whole := [cycle for cycle in recording.cycles if cycle.whole]:
        from_s, until_s = whole[-1].start_s, whole[-1].end_s
    if length is not None:
        until_s = min(until_s, from_s + length)
    cut = Cut(recording, from_s, until_s, speed, cast(Shown, page))
    began_s = time.monotonic()

    def progress(done: int, of: int) -> None:
        left_s = (time.monotonic() - began_s) / done * (of - done)
        click.echo(f"\r{done}/{of} frames, {countdown(left_s)} left ", nl=done == of, err=True)

    asyncio.run(render(cut, output, progress))
    click.echo(f"{output}: {countdown((until_s - from_s) / speed)} of the {page} page")
