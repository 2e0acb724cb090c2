"""`gtc replay`: a recorded show on the same pages, marked as recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from gtc_cli import options
from gtc_cli.recordings import chosen
from gtc_panel.recorded.replay import Replay
from gtc_panel.recorded.server import serve
from gtc_runtime import settings
from gtc_runtime.formats import countdown


@click.command()
@chosen.file
@click.option("--speed", type=float, default=1.0, help="Seconds of the show in one. [default 1]")
@click.option(
    "--from", "start", metavar="SECONDS|PHASE", default=None, help="Where to begin. [default 0]"
)
@options.port
@click.option("--host", default=None, help="Address to listen on. [GTC_HOST, default 127.0.0.1]")
@options.state_dir
def replay(
    file: Path | None,
    speed: float,
    start: str | None,
    port: int | None,
    host: str | None,
    state_dir: Path | None,
) -> None:
    """Play a recorded show on the same pages; without FILE the newest, else the packaged one.

    At its end it begins again, until Ctrl-C.
    """
    configured = settings.read(host=host, port=port, state_dir=state_dir)
    choice = chosen.choose(file, state_dir)
    recording = choice.recording
    played = Replay(recording, speed=speed, from_s=chosen.start_s(recording, start))

    def tell(url: str) -> None:
        header = recording.header
        click.echo(
            f"{header.environment} on {header.cluster}, recorded {header.started},"
            f" {countdown(recording.length_s)} long: {choice.path}"
        )
        click.echo(f"control  {url}/")
        click.echo(f"stage    {url}/stage")
        click.echo("Ctrl-C ends it")

    names = configured.allowed_host_names
    asyncio.run(serve(played, configured.host, configured.port, tell, names))
