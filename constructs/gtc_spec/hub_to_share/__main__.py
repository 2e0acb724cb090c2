"""The program. Exit codes: those of `errors`, 1 for a share that refuses too."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from gtc_spec.hub_to_share.download import Download
from gtc_spec.hub_to_share.errors import RefusedError, UnreachableError, gigabytes, say
from gtc_spec.hub_to_share.hub import Hub
from gtc_spec.hub_to_share.share import Share


def main() -> int:
    """Bring the checkpoint; seconds when it is there."""
    choices = _choices()
    _end_when_asked()
    os.umask(0o022)  # the engines read as another user
    try:
        _bring(choices)
    except (RefusedError, UnreachableError) as error:
        say(f"error: {error}")
        return error.exit_code
    except OSError as error:
        where = error.filename or choices.directory
        say(f"error: {where}, as user {os.geteuid()}: {(error.strerror or str(error)).lower()}")
        return RefusedError.exit_code
    return 0


def _bring(choices: argparse.Namespace) -> None:
    share, hub = Share(Path(choices.directory), choices.marker), Hub(choices)
    name, revision = choices.repository, choices.revision
    with share.locked():
        there = share.complete(name)
        # a commit never changes, so that nobody needs to be asked
        commit, files = (there, []) if there == revision else hub.listing(revision)
        if there == commit:
            say(f"{share.root} is complete at {commit[:12]}; nothing to do")
            return
        total = gigabytes(sum(each.size for each in files))
        say(f"{name} at {commit[:12]} to {share.root}: {len(files)} files, {total}")
        share.begin(files)
        Download(hub, share, commit, files).run()
        share.finish(name, commit, files)
        say(f"{share.root} is complete at {commit[:12]}")


def _choices() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hub_to_share", allow_abbrev=False)
    parser.add_argument("--repository", required=True, help="owner/name")
    parser.add_argument("--revision", default="main", help="branch, tag or commit")
    parser.add_argument("--directory", required=True, help="folder of the checkpoint")
    parser.add_argument("--marker", required=True, help="name of the file that comes last")
    parser.add_argument("--endpoint", default="https://huggingface.co")
    parser.add_argument("--silence-s", type=float, default=30.0, help="longest wait for a byte")
    parser.add_argument("--tries", type=int, default=8, help="failures in a row that are borne")
    parser.add_argument("--pause-s", type=float, default=1.0, help="first pause; each one doubles")
    return parser.parse_args()


def _end_when_asked() -> None:
    """End by SIGTERM at once, whatever is being waited for.

    As the first process of a container we would not be ended by a signal that we do not handle. A
    handler would run in the main thread, which sleeps on for as long as the hub is silent when the
    signal comes just as it goes to sleep; a thread that waits for the signal alone misses none.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # every thread inherits this
    threading.Thread(target=_end, daemon=True).start()


def _end() -> None:
    os._exit(128 + signal.sigwait({signal.SIGTERM}))


if __name__ == "__main__":
    sys.exit(main())
