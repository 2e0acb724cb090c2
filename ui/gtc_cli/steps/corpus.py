"""The corpus on its way: built here, put into the bucket, verified there, chosen for the load."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.corpus import curate, manifest, tokens, transfer
from gtc_runtime.corpus.choice import Texts, choose
from gtc_runtime.corpus.curate import Order, holds
from gtc_runtime.corpus.location import open_store
from gtc_runtime.corpus.tokens import TokenCounter
from gtc_runtime.settings import Settings
from gtc_spec.cloud.spaces import CORPUS_PREFIX, Spaces
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError


def put(
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
    location, access = bucket_location(environment, configured, bucket or {})
    wanted = size_for(size, environment)
    if not force and holds(open_store(location, access), wanted):
        click.echo(f"nothing to do: {location} holds a {wanted} corpus")
        return
    order = Order(folder(configured), wanted, offline, configured.contact)
    build(order, lambda: token_counter(None, environment, configured), force)
    push(order.out, location, access, force=force)
    verify(location, access)


def texts_of(environment: Environment, configured: Settings) -> Texts:
    """What the load is to ask about: the corpus of the settings, else the bundled texts."""
    _, access = bucket_location(environment, configured, {})
    return choose(configured.corpus, access, configured.state_dir / "corpus-cache")


def build(order: Order, counter: Callable[[], TokenCounter], force: bool) -> None:
    """Build a corpus; nothing is done when it is there already, unless forced.

    Args:
        order: What is built, and where.
        counter: Counts tokens; asked for only when something is built.
        force: Build it anew.

    Raises:
        GtcError: It cannot be built.
    """
    what = f"{order.size} corpus{' from our own passages' if order.offline else ''}"
    if not force and curate.is_built(order):
        click.echo(f"nothing to do: {order.out} holds a {what}; --force builds it anew")
        return
    asyncio.run(curate.build(order, counter(), click.echo))
    files = manifest.read(DirectoryStore(order.out)).files
    records = sum(each.records for each in files)
    click.echo(f"built a {what}: {records} records in {order.out}")


def push(home: Path, location: str, access: SpacesAccess, *, force: bool) -> None:
    """Upload a corpus; only what differs is sent, unless forced, and the marker last.

    Raises:
        GtcError: There is no whole corpus, or the bucket does not take it.
    """
    target = open_store(location, access)
    sent = transfer.push(DirectoryStore(home), target, click.echo, force=force)
    click.echo(f"{sent} files sent to {target.name}" if sent else f"{target.name} is up to date")


def verify(location: str, access: SpacesAccess) -> None:
    """Compare every file with the manifest.

    Raises:
        GtcError: Files differ; they are printed.
    """
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


def token_counter(
    path: Path | None, environment: Environment, configured: Settings
) -> TokenCounter:
    """Counts tokens: by a file, else as the model does, else by an estimate, which is said."""
    if path is not None:
        return tokens.from_file(path)
    token = configured.hf_token.get_secret_value()
    counter, why = tokens.of_model(environment.model.repository, token)
    if why:
        click.echo(f"tokens are estimated ({counter.error}): {why}")
    return counter


def size_for(size: str | None, environment: Environment) -> Any:
    """The size that is asked for, else the environment's."""
    return size or ("dev" if environment.name == "dev" else "full")


def folder(configured: Settings) -> Path:
    """Where a corpus is built unless another place is asked for."""
    return configured.state_dir / "corpus"


def bucket_location(
    environment: Environment, configured: Settings, flags: Mapping[str, str | None]
) -> tuple[str, SpacesAccess]:
    """Where the corpus lies and how to get there: flags over the environment's bucket."""
    spaces = environment.spaces
    if region := flags.get("region"):
        spaces = Spaces(bucket=spaces.bucket, region=region)
    access = SpacesAccess.of(configured, flags.get("endpoint") or spaces.url)
    prefix = flags.get("prefix")
    prefix = CORPUS_PREFIX if prefix is None else prefix
    return f"s3://{flags.get('bucket') or spaces.bucket}/{prefix}", access
