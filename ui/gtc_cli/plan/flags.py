"""Flags, words and the progress that the verbs of `gtc plan` share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from gtc_runtime import choices, settings
from gtc_spec import environment_files, overrides
from gtc_spec.cloud import gpus
from gtc_spec.engines import REAL
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.profiles.profile import Profile
from gtc_spec.workloads import WorkloadMix

SEEDS: Final = 12
"""Cycles of one answer: enough to tell a broken table from an unlucky draw."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Positive(click.ParamType):  # type: ignore[type-arg] # no generic before click 8.3
    """A number above 0, with its unit in the refusal."""

    def __init__(self, unit: str) -> None:
        self.name = self._unit = unit

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number.

        Raises:
            BadParameter: It is none, or not above 0.
        """
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            self.fail(f"{value!r} is not a number of {self._unit} above 0", param, ctx)
        return number


class Span(click.ParamType):  # type: ignore[type-arg] # no generic before click 8.3
    """Seconds, written ``30``, ``30s`` or ``5m``."""

    name = "span"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds.

        Raises:
            BadParameter: It is no span, or not above 0.
        """
        written = re.fullmatch(r"(\d+(?:\.\d+)?)([sm]?)", str(value))
        seconds = float(written[1]) * (60 if written[2] == "m" else 1) if written else 0.0
        if not seconds:
            self.fail(f"{value!r} is not a span above 0, such as 30s or 5m", param, ctx)
        return seconds


def mix(_ctx: click.Context, _param: click.Parameter, text: str) -> WorkloadMix:
    """The mix of a flag.

    Raises:
        UsageError: It is none, or does not add up.
    """
    return WorkloadMix.parse(text)


seeds: Decorator = click.option(
    "--seeds", type=click.IntRange(1, 100), default=SEEDS, help="Cycles to play. [default 12]"
)
patches: Decorator = click.option(
    "--patch",
    "patches",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Values of TOML laid over the environment's; may be repeated, the last one wins.",
)
profile: Decorator = click.option(
    "--profile",
    metavar="NAME",
    default=None,
    help="Timings by their name, or a file in .json. [default: the environment's]",
)
html: Decorator = click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write one page with drawings as well.",
)


def refuse_unwritable(*files: Path | None) -> None:
    """Refuse places before the work is done.

    Raises:
        UsageError: A file's folder does not exist.
    """
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise UsageError(f"cannot write {file}: there is no directory {file.parent}")


def environment(env: str | None, phases: str | None, patches: Sequence[Path] = ()) -> Environment:
    """The environment with what was chosen and with what patches change, in their order.

    Args:
        env: Its name; None takes what was chosen.
        phases: Phase table, over that of a patch.
        patches: Files of TOML.

    Raises:
        UsageError: A patch is not TOML, or a choice is not allowed.
        ConfigError: The environment breaks a rule with them.
    """
    laid: dict[str, Any] = {}
    for patch in patches:
        laid |= _dotted(environment_files.parse(patch))
    if phases:
        laid["phases"] = phases
    return overrides.load_with(settings.read(env=env).env, choices.variables().chosen, laid)


def timings(environment: Environment, profile: str | None = None) -> str:
    """Whose step times an answer rests on, and where they are not those of what was chosen.

    Args:
        environment: Nodes and engine.
        profile: Timings in place of the environment's.
    """
    name = profile or environment.model.profile
    found = Profile.load(name)
    nodes, engine = environment.nodes, environment.engine.name
    other = []
    if nodes.gpus and gpus.card(nodes.size) != found.card:
        other.append(f"the nodes have {gpus.title(nodes.size)}s")
    if engine in REAL and engine != found.engine:
        other.append(f"the engine is {engine}")
    told = f"{name} ({found.card.upper()}, {found.engine})"
    return f"{told}, but {' and '.join(other)}" if other else told


def _dotted(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


@contextmanager
def progress(words: str, total: int | None) -> Iterator[Callable[[], None]]:
    """A bar on stderr, for people only: it is gone when the answer is there.

    Args:
        words: What is done.
        total: Its pieces; None when nobody knows.

    Yields:
        What is called after each piece.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    away = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=away) as bar:
        task = bar.add_task(words, total=total)
        yield lambda: bar.advance(task)
