"""The model jobs: ``python -m gtc_runtime.models.sync upload|download …``.

Runs in a pod of our image and from ``gtc model sync``. Keys come from the environment, never from
the arguments, which everybody can see. It must not know Kubernetes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gtc_runtime import settings
from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import PATIENCE_OF_JOBS, BucketStore
from gtc_runtime.copies.crew import WORKERS
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.models.checkpoint import Checkpoint
from gtc_runtime.models.download import download
from gtc_runtime.models.manifest import TOLD
from gtc_spec.errors import GtcError

_PUBLIC: Final = 0o022
"""Workers run as other users than the jobs and must be able to read."""


def in_bucket(
    bucket: str, endpoint: str, prefix: str, marker: str, workers: int
) -> Checkpoint[BucketStore]:
    """The bucket's copy, with the key of this process.

    Raises:
        UsageError: It is not set.
    """
    access = SpacesAccess.of(settings.read(), endpoint)
    store = BucketStore(bucket, prefix, access, files_at_once=workers, patience=PATIENCE_OF_JOBS)
    return Checkpoint(store, marker)


def main(argv: list[str] | None = None) -> int:
    """Run one transfer and return the exit code: 0 ok, 1 refused, 2 usage, 3 unreachable."""
    given = _parser().parse_args(argv)
    os.umask(_PUBLIC)
    try:
        store = in_bucket(
            given.bucket, given.endpoint, given.prefix, given.upload_marker, given.workers
        )
        if given.direction == "upload":
            upload_to(store, given, say)
        else:
            target = Checkpoint(DirectoryStore(given.directory), given.download_marker)
            found = download(store, target, say, workers=given.workers, force=given.force)
            say(f"{TOLD}{found.model_dump_json()}")
    except GtcError as error:
        say(f"error: {error.message}")
        if error.hint:
            say(f"hint: {error.hint}")
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted; what is there already is kept")
        return 130
    return 0


def upload_to(
    store: Checkpoint[BucketStore], given: argparse.Namespace, log: Callable[[str], None]
) -> None:
    """Upload what the arguments say."""
    from gtc_runtime.models.upload import Source, upload  # the hub client, half a second

    source = Source(
        repository=given.repository,
        revision=given.revision,
        token=settings.read().hf_token.get_secret_value(),
        scratch=given.scratch,
        scratch_bytes=int(given.scratch_gib * 2**30) if given.scratch_gib else None,
        force=given.force,
        workers=given.workers,
    )
    upload(store, source, log)


def say(line: str) -> None:
    """One line of the job's log."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gtc_runtime.models.sync")
    kinds = parser.add_subparsers(dest="direction", required=True)
    upload, download = kinds.add_parser("upload"), kinds.add_parser("download")
    for each in (upload, download):
        for name in ("repository", "bucket", "endpoint", "prefix", "upload-marker"):
            each.add_argument(f"--{name}", required=True)
        each.add_argument("--workers", type=_workers, default=WORKERS, help="files at a time")
        each.add_argument("--force", action="store_true", help="trust no marker")
    upload.add_argument("--revision", default="", help="branch, tag or commit")
    upload.add_argument("--scratch", type=Path, required=True, help="for files in flight")
    upload.add_argument("--scratch-gib", type=float, default=None, help="use no more than this")
    download.add_argument("--directory", type=Path, required=True)
    download.add_argument("--download-marker", required=True)
    return parser


def _workers(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 32:
        raise argparse.ArgumentTypeError(f"got {text}, allowed: 1 to 32")
    return value


if __name__ == "__main__":
    sys.exit(main())
