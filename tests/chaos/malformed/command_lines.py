"""Arguments of `gtc`: verbs, options and values that a hurried person types.

Verbs that only look are run to their end, with every address of the process pointing nowhere.
Those that would start or change something are read as far as their arguments go.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from random import Random
from unittest.mock import patch

import click

from gtc_cli import main
from gtc_cli.verbs import VERBS
from tests.chaos.malformed.damage import ODD_TEXT, damaged
from tests.chaos.malformed.kinds import Kind, Try

_LOOKS = ("story", "check-env", "cost", "load", "no-such-verb", "", "--help")
_NOWHERE = {
    "KUBECONFIG": "/nonexistent/kubeconfig",
    "GTC_URL": "http://127.0.0.1:9",
    "GTC_STATE_DIR": "/nonexistent/state",
}
_VALUES = (
    *ODD_TEXT, "prod", "cpu", "5", "0.5", "10s", "http://127.0.0.1:9", "show", "40/30/30", "1P:1D",
    "file.toml", "--", "-", "-x", "--env", "--nope=1", "p95<1", "ttft_p95<1s", "1:2:3", "1,2,x",
)  # fmt: skip


def _options(command: click.Command) -> list[str]:
    return [name for each in command.params for name in each.opts if name.startswith("-")]


def _argument(random: Random) -> str:
    value = random.choice(_VALUES)
    if random.random() < 0.2:
        value = damaged(random, value.encode("utf-8", "replace"))[:2000].decode(
            "utf-8", "surrogateescape"
        )
    return value.replace("\0", "")


def _arguments(random: Random, verb: str) -> list[str]:
    command: click.Command = main.gtc
    found = [verb]
    context = click.Context(main.gtc)
    if verb in VERBS:
        command = main.gtc.get_command(context, verb) or main.gtc
        while isinstance(command, click.Group) and random.random() < 0.9:
            name = random.choice(command.list_commands(context))
            found.append(name)
            command = command.get_command(context, name) or command
    names = _options(command) or ["--help"]
    for _ in range(random.randint(0, 4)):
        chance = random.random()
        if chance < 0.7:
            name = random.choice(names)
            found += [name, _argument(random)] if random.random() < 0.7 else [name]
        else:
            found.append(_argument(random))
    return found


@contextmanager
def _command_lines() -> Iterator[Try]:
    reads = main.Gtc(name="gtc", context_settings=main.CONTEXT)
    reads.invoke = lambda context: _read(reads, context)  # type: ignore[method-assign]

    def attempt(random: Random) -> str:
        verb = random.choice(_LOOKS) if random.random() < 0.4 else random.choice(list(VERBS))
        arguments = _arguments(random, verb)
        group = main.gtc if verb in _LOOKS and _stays(arguments) else reads
        told = TextIOWrapper(BytesIO(), encoding="utf-8")
        said = TextIOWrapper(BytesIO(), encoding="utf-8")
        with (
            patch.object(main, "gtc", group),
            patch.dict(os.environ, _NOWHERE),
            redirect_stdout(said),
            redirect_stderr(told),
        ):
            code = main.main(arguments)
        error, report = _written(told), _written(said)
        assert code in (0, 1, 2, 3, 4), f"exit code {code}"
        assert "Traceback" not in error + report
        if code and not _is_help(arguments, error):
            _check(error, report)
        return "refused" if code else "taken"

    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("file.toml").write_text("env = 1\n")
        yield attempt


def _written(stream: TextIOWrapper) -> str:
    stream.flush()
    return bytes(stream.buffer.getvalue()).decode()  # type: ignore[attr-defined]


def _stays(arguments: list[str]) -> bool:
    """Whether the command ends by itself: `gtc load` without an address looks for a server."""
    return arguments[0] != "load" or "http://127.0.0.1:9" in arguments


def _read(group: click.Group, context: click.Context) -> int:
    """Read the arguments of a verb, and of its verbs, and do nothing."""
    arguments = [*context._protected_args, *context.args]
    while isinstance(group, click.Group):
        if not arguments:
            return 0
        name, command, arguments = group.resolve_command(context, arguments)
        if command is None:
            return 0
        context = command.make_context(name, arguments, parent=context)
        group, arguments = command, [*context._protected_args, *context.args]  # type: ignore[assignment]
    return 0


def _is_help(arguments: list[str], error: str) -> bool:
    """A group that is called by its name alone says what it can do."""
    return len(arguments) == 1 and error.startswith(f"Usage: gtc {arguments[0]} ")


def _check(error: str, report: str) -> None:
    """An error is one line, and a hint may follow it; a report of what is red stands for itself."""
    lines = error.splitlines()
    assert lines or report.strip(), "no word of what is wrong"
    assert len(lines) <= 2, f"{len(lines)} lines: {error[:300]!r}"
    for line in [*lines, *report.splitlines()]:
        shown = all(sign.isprintable() or sign == "\t" for sign in line)
        assert shown, f"control characters: {line[:200]!r}"


KINDS = (Kind("command-lines", _command_lines),)
