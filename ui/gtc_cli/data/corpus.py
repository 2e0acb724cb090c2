"""`gtc corpus`: build the texts of the load, put them into the bucket, check them, look at them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gtc_cli import options
from gtc_runtime import settings
from gtc_runtime.settings import Settings
from gtc_spec.cloud.spaces import CORPUS_PREFIX, Spaces
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError, UsageError

if TYPE_CHECKING:
    from gtc_runtime.corpus.choice import Texts
    from gtc_runtime.corpus.curate import Order
    from gtc_runtime.corpus.store import SpacesAccess
    from gtc_runtime.corpus.tokens import TokenCounter

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
    from gtc_runtime.corpus.curate import Order

    configured = settings.read(env=env)
    environment = options.environment(configured.env, None)
    order = Order(
        out=out or _home(configured),
        size=_size(size, environment),
        offline=offline,
        contact=configured.contact,
        source_urls=_mirrors(mirrors),
    )
    _build(order, lambda: _counter(tokenizer, environment, configured), force)


@corpus.command()
@options.env
@out
@bucket_flags
@click.option("--force", is_flag=True, help="Send files that are there already, too.")
def push(env: str | None, out: Path | None, force: bool, **bucket: str | None) -> None:
    """Upload a corpus; only what differs is sent, the marker last."""
    configured = settings.read(env=env)
    location, access = _bucket(options.environment(env, None), configured, bucket)
    _push(out or _home(configured), location, access, force=force)


@corpus.command()
@click.argument("location", required=False)
@options.env
@bucket_flags
def verify(location: str | None, env: str | None, **bucket: str | None) -> None:
    """Compare every file with the manifest; LOCATION is a directory or s3://bucket/prefix."""
    found, access = _bucket(options.environment(env, None), settings.read(env=env), bucket)
    _verify(location or found, access)


@corpus.command()
@click.argument("location", required=False)
@options.env
@bucket_flags
@click.option("--samples", type=click.IntRange(0, 20), default=2, show_default=True)
def show(location: str | None, env: str | None, samples: int, **bucket: str | None) -> None:
    """Print what a corpus holds, and some of it; LOCATION as for verify, else the last build."""
    from gtc_cli.data.corpus_summary import summary
    from gtc_runtime.corpus.store import open_store

    configured = settings.read(env=env)
    _, access = _bucket(options.environment(env, None), configured, bucket)
    store = open_store(location or str(_home(configured)), access)
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
    environment = options.environment(configured.env, None)
    deploy_corpus(environment, configured, size=size, offline=offline, force=force, bucket=bucket)


def deploy_corpus(
    environment: Environment,
    configured: Settings,
    *,
    size: str | None = None,
    offline: bool = False,
    force: bool = False,
    bucket: Mapping[str, str | None] | None = None,
) -> None:
    """Build a corpus, put it into the bucket and look whether it arrived.

    Raises:
        GtcError: One of the three failed.
    """
    from gtc_runtime.corpus.curate import Order, holds
    from gtc_runtime.corpus.store import open_store

    location, access = _bucket(environment, configured, bucket or {})
    wanted = _size(size, environment)
    if not force and holds(open_store(location, access), wanted):
        click.echo(f"nothing to do: {location} holds a {wanted} corpus")
        return
    order = Order(_home(configured), wanted, offline, configured.contact)
    _build(order, lambda: _counter(None, environment, configured), force)
    _push(order.out, location, access, force=force)
    _verify(location, access)


def texts_of(environment: Environment, configured: Settings) -> Texts:
    """What the load is to ask about: the corpus of the settings, else the bundled texts."""
    from gtc_runtime.corpus.choice import choose

    _, access = _bucket(environment, configured, {})
    return choose(configured.corpus, access, configured.state_dir / "corpus-cache")


def _build(order: Order, counter: Callable[[], TokenCounter], force: bool) -> None:
    from gtc_runtime.corpus import curate, manifest
    from gtc_runtime.corpus.store import DirectoryStore

    what = f"{order.size} corpus{' from our own passages' if order.offline else ''}"
    if not force and curate.is_built(order):
        click.echo(f"nothing to do: {order.out} holds a {what}; --force builds it anew")
        return
    asyncio.run(curate.build(order, counter(), click.echo))
    files = manifest.read(DirectoryStore(order.out)).files
    records = sum(each.records for each in files)
    click.echo(f"built a {what}: {records} records in {order.out}")


def _push(home: Path, location: str, access: SpacesAccess, *, force: bool) -> None:
    from gtc_runtime.corpus import transfer
    from gtc_runtime.corpus.store import DirectoryStore, open_store

    target = open_store(location, access)
    sent = transfer.push(DirectoryStore(home), target, click.echo, force=force)
    click.echo(f"{sent} files sent to {target.name}" if sent else f"{target.name} is up to date")


def _verify(location: str, access: SpacesAccess) -> None:
    from gtc_runtime.corpus import manifest
    from gtc_runtime.corpus.store import open_store

    store = open_store(location, access)
    problems = manifest.problems(store)
    for problem in problems:
        click.echo(f"wrong: {problem}")
    if problems:
        raise GtcError(
            f"{len(problems)} files at {store.name} are not as they should be",
            "gtc corpus push sends what is missing or damaged",
        )
    files = manifest.read(store).files
    click.echo(f"ok: {len(files)} files at {store.name} are what the manifest says")


def _counter(path: Path | None, environment: Environment, configured: Settings) -> TokenCounter:
    from gtc_runtime.corpus import tokens

    if path is not None:
        return tokens.from_file(path)
    token = configured.hf_token.get_secret_value()
    counter, why = tokens.of_model(environment.model.repository, token)
    if why:
        click.echo(f"tokens are estimated ({counter.error}): {why}")
    return counter


def _size(size: str | None, environment: Environment) -> Any:
    return size or ("dev" if environment.name == "dev" else "full")


def _home(configured: Settings) -> Path:
    return configured.state_dir / "corpus"


def _bucket(
    environment: Environment, configured: Settings, flags: Mapping[str, str | None]
) -> tuple[str, SpacesAccess]:
    """Where the corpus lies and how to get there: flags over the environment's bucket."""
    from gtc_runtime.corpus.store import SpacesAccess

    spaces = environment.spaces
    if region := flags.get("region"):
        spaces = Spaces(bucket=spaces.bucket, region=region)
    access = SpacesAccess(
        flags.get("endpoint") or spaces.url,
        configured.spaces_access_key_id.get_secret_value(),
        configured.spaces_secret_access_key.get_secret_value(),
    )
    prefix = flags.get("prefix")
    prefix = CORPUS_PREFIX if prefix is None else prefix
    return f"s3://{flags.get('bucket') or spaces.bucket}/{prefix}", access


def _mirrors(given: tuple[str, ...]) -> dict[str, str]:
    found = dict(each.partition("=")[::2] for each in given)
    for name, url in found.items():
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"not a source and its address: '{name}={url}', allowed: NAME=URL")
    return found


COMMANDS = (corpus,)
