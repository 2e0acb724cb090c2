"""`gtc corpus`: build the texts of the load, put them into the bucket, check them, look at them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gtc_cli import options
from gtc_cli.data.corpus_summary import summary
from gtc_cli.steps import corpus as steps
from gtc_runtime import choices, settings
from gtc_runtime.corpus.curate import Order
from gtc_runtime.corpus.location import open_store
from gtc_spec.cloud.spaces import CORPUS_PREFIX
from gtc_spec.errors import UsageError

SIZES = ("dev", "full")
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

out: Decorator = click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Directory of the corpus. [default corpus in the state directory]",
)
size: Decorator = click.option(
    "--size", type=click.Choice(SIZES), default=None, help="[default dev for dev, full for prod]"
)
offline: Decorator = click.option(
    "--offline", is_flag=True, help="Compose the documents from our own passages."
)


def bucket_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flags that say which bucket is meant."""
    for flag in (
        click.option("--endpoint", metavar="URL", default=None, help="[GTC_SPACES_ENDPOINT]"),
        click.option("--region", default=None, help="Of the bucket. [GTC_SPACES_REGION]"),
        click.option("--prefix", default=CORPUS_PREFIX, show_default=True, help="In the bucket."),
        click.option("--bucket", default=None, help="[GTC_BUCKET]"),
    ):
        command = flag(command)
    return command


@click.group()
def corpus() -> None:
    """The texts of the load: build, push, verify, show."""


@corpus.command()
@options.env
@out
@size
@offline
@click.option("--force", is_flag=True, help="Build even when a corpus is there.")
@click.option(
    "--tokenizer",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    default=None,
    help="tokenizer.json that counts tokens. [default the model's with HF_TOKEN, else an estimate]",
)
@click.option(
    "--source-url",
    "mirrors",
    metavar="NAME=URL",
    multiple=True,
    help="Another address of gutenberg, arxiv or sec; may be repeated.",
)
def build(
    env: str | None,
    out: Path | None,
    size: str | None,
    offline: bool,
    force: bool,
    tokenizer: Path | None,
    mirrors: tuple[str, ...],
) -> None:
    """Build a corpus; does nothing when it is there already."""
    configured = settings.read(env=env)
    environment = choices.environment(configured.env)
    order = Order(
        out=out or steps.folder(configured),
        size=steps.size_for(size, environment),
        offline=offline,
        contact=configured.contact,
        source_urls=_mirrors(mirrors),
    )
    steps.build(order, lambda: steps.token_counter(tokenizer, environment, configured), force)


@corpus.command()
@options.env
@out
@bucket_flags
@click.option("--force", is_flag=True, help="Send files that are there already, too.")
def push(env: str | None, out: Path | None, force: bool, **bucket: str | None) -> None:
    """Upload a corpus; only what differs is sent, the marker last."""
    configured = settings.read(env=env)
    location, access = steps.bucket_location(choices.environment(env), configured, bucket)
    steps.push(out or steps.folder(configured), location, access, force=force)


@corpus.command()
@click.argument("location", required=False)
@options.env
@bucket_flags
def verify(location: str | None, env: str | None, **bucket: str | None) -> None:
    """Compare every file with the manifest; LOCATION is a directory or s3://bucket/prefix."""
    found, access = steps.bucket_location(choices.environment(env), settings.read(env=env), bucket)
    steps.verify(location or found, access)


@corpus.command()
@click.argument("location", required=False)
@options.env
@bucket_flags
@click.option("--samples", type=click.IntRange(0, 20), default=2, show_default=True)
def show(location: str | None, env: str | None, samples: int, **bucket: str | None) -> None:
    """Print what a corpus holds, and some of it; LOCATION as for verify, else the last build."""
    configured = settings.read(env=env)
    _, access = steps.bucket_location(choices.environment(env), configured, bucket)
    store = open_store(location or str(steps.folder(configured)), access)
    for line in summary(store, samples):
        click.echo(line)


@corpus.command()
@options.env
@size
@offline
@bucket_flags
@click.option("--force", is_flag=True, help="Replace a corpus that is there.")
def deploy(
    env: str | None, size: str | None, offline: bool, force: bool, **bucket: str | None
) -> None:
    """Build, push and verify; seconds when the bucket holds a whole corpus."""
    configured = settings.read(env=env)
    environment = choices.environment(configured.env)
    steps.put(environment, configured, size=size, offline=offline, force=force, bucket=bucket)


def _mirrors(given: tuple[str, ...]) -> dict[str, str]:
    found = dict(each.partition("=")[::2] for each in given)
    for name, url in found.items():
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"not a source and its address: '{name}={url}', allowed: NAME=URL")
    return found
