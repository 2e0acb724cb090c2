"""Verbs of the image. They must not know a deployment, so that its name is there at once."""

from __future__ import annotations

import click

from gtc_cli.local import checkout, image
from gtc_runtime import settings


@click.group("image")
def image_group() -> None:
    """The image of panel, guardian and model jobs."""


@image_group.command("name")
def image_name() -> None:
    """Print its whole name."""
    click.echo(image.name_here())


@image_group.command("build")
def image_build() -> None:
    """Build it."""
    image.build(image.name_here(), checkout.root(), image.environment())


@image_group.command("push")
def image_push() -> None:
    """Push it; refuses files that differ from the commit."""
    image.push(image.name_here(), checkout.root(), image.environment(), settings.read().do_context)
