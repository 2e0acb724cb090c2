"""Child processes: started from a list, stopped by asking, and never left behind.

Terraform writes its state when it is asked to stop and loses track of what it was building when it
is killed; an interruption is therefore passed on once and then waited for.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from gtc_spec.errors import GtcError, UsageError

LOOKUP_DEADLINE_S = 60.0
"""Longest time for a child that only looks something up."""
LISTENING_S = 0.5
"""Longest single wait for a child that has no time limit."""


class Interrupted(GtcError):  # noqa: N818 - an outcome, not a mistake
    """Ctrl-C or SIGTERM; the child has ended in its own way."""

    exit_code = 130


def find(program: str, hint: str) -> str:
    """Path of a program.

    Raises:
        UsageError: It is not installed; the hint says how to get it.
    """
    path = shutil.which(program)
    if path is None:
        raise UsageError(f"{program} is not installed, or not on PATH", hint)
    return path


def run(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], patience: str = ""
) -> None:
    """Run a child with our terminal until it ends.

    It has no time limit: making a GPU cluster takes as long as it takes, and the tools that do it
    have limits of their own.

    Args:
        command: Program and arguments.
        folder: Where it runs.
        environment: All of its variables.
        patience: Told on standard error when we are asked to stop: why that may take a while.

    Raises:
        GtcError: It failed.
        Interrupted: We were asked to stop; the child was asked too and has ended.
    """
    # A terminal asks its whole foreground group, the child included; asking twice would make
    # Terraform drop what it is doing. Without one the child gets a group and we ask that, once.
    alone = not sys.stdin.isatty()
    with _terminated_like_interrupted():
        child = subprocess.Popen(
            command, cwd=folder, env=dict(environment), start_new_session=alone
        )
        try:
            code = _ended(child)
        except KeyboardInterrupt as asked:
            if patience:
                sys.stderr.write(f"{patience}\n")
                sys.stderr.flush()
            _end(child, alone, isinstance(asked, _Terminated))
            raise Interrupted(f"interrupted during `{_shown(command)}`") from None
    if code != 0:
        raise GtcError(f"`{_shown(command)}` failed with exit code {code}")


def output(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    deadline_s: float = LOOKUP_DEADLINE_S,
) -> str:
    """What a child says on its standard output.

    Raises:
        GtcError: It failed or took too long; the message keeps its last line.
    """
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=None if environment is None else dict(environment),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GtcError(f"`{_shown(command)}` said nothing for {deadline_s:.0f} s") from None
    except OSError as error:
        raise GtcError(f"cannot start `{_shown(command)}`: {error.strerror}") from None
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout).strip().splitlines()
        raise GtcError(f"`{_shown(command)}` failed: {said[-1] if said else 'it said nothing'}")
    return ended.stdout


def _ended(child: subprocess.Popen[bytes]) -> int:
    """Exit code of a child, waited for in short waits.

    A signal that comes just as a wait begins does not end that wait, and this one may last an hour.
    """
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(LISTENING_S)


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which nobody sends to the child for us."""


def _end(child: subprocess.Popen[bytes], alone: bool, terminated: bool) -> None:
    """Ask a child to stop and wait for it; another interruption asks again."""
    while True:
        with contextlib.suppress(ProcessLookupError):
            if alone:
                os.killpg(child.pid, signal.SIGINT)
            elif terminated:
                child.send_signal(signal.SIGINT)
        try:
            _ended(child)
        except KeyboardInterrupt as asked:
            terminated = isinstance(asked, _Terminated)
        else:
            return


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _shown(command: Sequence[str]) -> str:
    """The command without its path and its long tail: enough to recognise it."""
    return " ".join([Path(command[0]).name, *command[1:4]])
