"""`gtc model`: sync, verify, status and setup of the checkpoint in the bucket and on the share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from gtc_cli import options
from gtc_cli.local import image
from gtc_cli.steps.model_jobs import STEPS, Step, run_jobs
from gtc_cli.target.target import choose
from gtc_runtime import choices, settings
from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.crew import WORKERS, Crew
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.progress import Progress
from gtc_runtime.copies.store import Store
from gtc_runtime.models.checkpoint import Checkpoint
from gtc_runtime.models.download import download as fetch
from gtc_runtime.models.sync import in_bucket
from gtc_runtime.models.upload import Source
from gtc_runtime.models.upload import upload as send
from gtc_spec import names
from gtc_spec.errors import GtcError

SCRATCH: Final = Path("/tmp/gtc-models")  # noqa: S108  # as in the pod; --scratch chooses another


def _directory(purpose: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option for a copy that is no bucket's, such as a mounted share."""
    return click.option(
        "--directory",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        help=purpose,
    )


_endpoint = click.option(
    "--endpoint",
    metavar="URL",
    default=None,
    help="The object store. [GTC_SPACES_ENDPOINT, else Spaces in the bucket's region]",
)
_bucket = click.option("--bucket", metavar="NAME", default=None, help="Its bucket. [GTC_BUCKET]")
_model = click.option(
    "--model",
    metavar="OWNER/NAME",
    default=None,
    help="HuggingFace repository. [GTC_MODEL, else the environment's]",
)
_workers = click.option(
    "--workers", type=click.IntRange(1, 32), default=None, help="Files at a time. [6]"
)


@click.group()
def model() -> None:
    """The model's weights: from HuggingFace to the bucket to the share, verified.

    `gtc model setup` does all of it inside the cluster; `gtc model sync` does one step from here.
    The bucket needs SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY, a gated model HF_TOKEN.
    """


@model.group()
def sync() -> None:
    """Do one step from this machine: upload to the bucket, or download from it."""


@sync.command()
@options.env
@_model
@_bucket
@_endpoint
@_workers
@click.option("--revision", default="", help="Branch, tag or commit. [as in the bucket, else main]")
@click.option("--force", is_flag=True, help="Send everything, whatever is there.")
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False),
    default=SCRATCH,
    show_default=True,
    help="Keeps files on their way; the largest must fit.",
)
def upload(
    env: str | None,
    model: str | None,
    bucket: str | None,
    endpoint: str | None,
    workers: int | None,
    revision: str,
    force: bool,
    scratch: Path,
) -> None:
    """HuggingFace to the bucket; repeated, it keeps whole files and brings the others anew."""
    store, repository = _in_bucket(env, model, bucket, endpoint, workers)
    token = settings.read().hf_token.get_secret_value()
    source = Source(repository, revision, token, scratch, force, workers or WORKERS)
    send(store, source, click.echo)


@sync.command()
@options.env
@_model
@_bucket
@_endpoint
@_workers
@click.option("--force", is_flag=True, help="Read and compare everything.")
@_directory("Where to, such as a mounted share. [/models/OWNER/NAME]")
def download(
    env: str | None,
    model: str | None,
    bucket: str | None,
    endpoint: str | None,
    workers: int | None,
    force: bool,
    directory: Path | None,
) -> None:
    """The bucket to a directory; repeated, it keeps whole files and brings the others anew."""
    store, repository = _in_bucket(env, model, bucket, endpoint, workers)
    target = _in_directory(directory or Path(names.model_path(repository)))
    fetch(store, target, click.echo, workers=workers or WORKERS, force=force)


@model.command()
@options.env
@_model
@_bucket
@_endpoint
@_workers
@_directory("Verify the copy in this directory instead of the bucket's.")
def verify(
    env: str | None,
    model: str | None,
    bucket: str | None,
    endpoint: str | None,
    workers: int | None,
    directory: Path | None,
) -> None:
    """Read every byte of a copy and compare it with its manifest; names each wrong file."""
    store: Checkpoint[Store]
    if directory is None:
        store, _ = _in_bucket(env, model, bucket, endpoint, workers)
        again = "gtc model sync upload --force"
    else:
        store = _in_directory(directory)
        again = f"gtc model sync download --force --directory {directory}"
    manifest = store.manifest()
    if manifest is None:
        raise GtcError(f"{store.where} has no manifest", "nothing was synced there")
    click.echo(f"reading {store.where}")
    stage = "read"
    with Progress({stage: manifest.total_bytes}, tell=click.echo) as progress:
        wrong = store.verify(manifest, Crew(workers or WORKERS, progress.moved), stage)
    for line in wrong:
        click.echo(line)
    if wrong:
        raise GtcError(f"{len(wrong)} of {len(manifest.files)} files are wrong", again)
    if store.complete() is None:
        raise GtcError(f"all files are right, but {store.where} has no marker", again)
    click.echo(f"{store.where}: all {len(manifest.files)} files are right")


@model.command()
@options.env
@_model
@_bucket
@_endpoint
@_directory("Look at the copy in this directory too.")
@options.as_json
def status(
    env: str | None,
    model: str | None,
    bucket: str | None,
    endpoint: str | None,
    directory: Path | None,
    as_json: bool,
) -> None:
    """Whether the bucket's copy is complete, and what is missing; reads names and sizes only."""
    store, _ = _in_bucket(env, model, bucket, endpoint)
    copies: list[Checkpoint[Store]] = [store]
    if directory is not None:
        copies.append(_in_directory(directory))
    found = [_state(copy) for copy in copies]
    if as_json:
        click.echo(json.dumps(found))
        return
    for each in found:
        click.echo(f"{each['where']} {each['state']}")
        for line in each["wrong"]:
            click.echo(f"  {line}")


@model.command()
@options.cluster
@click.option(
    "--step",
    type=click.Choice(STEPS),
    default=None,
    help="Only the job to Spaces, or only the one to the NFS share. [both, in order]",
)
def setup(
    env: str | None, state_dir: Path | None, kubeconfig: str | None, step: Step | None
) -> None:
    """Run both steps as jobs in the cluster and follow them; seconds when all is there."""
    target = choose(env, state_dir, kubeconfig)
    environment = target.environment()
    if environment.hosting.share is None:
        click.echo(f"{environment.name} stores no checkpoint: its workers are simulated")
        return
    steps = (step,) if step else STEPS
    run_jobs(environment, target.kubeconfig, image.name_here(), steps)


def _in_bucket(
    env: str | None,
    model: str | None,
    bucket: str | None,
    endpoint: str | None,
    workers: int | None = None,
) -> tuple[Checkpoint[BucketStore], str]:
    environment = choices.environment(env)
    repository = model or environment.model.repository
    spaces, prefix = environment.spaces, names.model_prefix(repository)
    at = (bucket or spaces.bucket, endpoint or spaces.url, prefix)
    return in_bucket(*at, names.UPLOAD_MARKER, workers or WORKERS), repository


def _in_directory(directory: Path) -> Checkpoint[DirectoryStore]:
    return Checkpoint(DirectoryStore(directory), names.DOWNLOAD_MARKER)


def _state(store: Checkpoint[Store]) -> dict[str, Any]:
    manifest = store.manifest()
    if manifest is None:
        return {"where": store.where, "complete": False, "state": "has nothing yet", "wrong": []}
    wrong = manifest.wrong_sizes(store.store.sizes())
    is_marked = store.complete() is not None
    complete = is_marked and not wrong
    if complete:
        state = f"is complete at {manifest.revision[:12]}, {manifest.total_bytes / 1e9:.2f} GB"
    else:
        right = len(manifest.files) - len(wrong)
        state = f"has {right} of {len(manifest.files)} files"
        state += ", though its marker says all" if is_marked else " and is not marked complete yet"
    return {"where": store.where, "complete": complete, "state": state, "wrong": wrong}
