"""Flags and the progress that the verbs of `gtc plan` share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

SEEDS: Final = 12
"""Cycles of one answer: enough to tell a broken table from an unlucky draw."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

seeds: Decorator = click.option(
    "--seeds", type=click.IntRange(1, 100), default=SEEDS, help="Cycles to play. [default 12]"
)
html: Decorator = click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write one page with drawings as well.",
)


@contextmanager
def progress(words: str, total: int | None) -> Iterator[Progress]:
    """A bar on stderr, for people only: it is gone when the answer is there."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    away = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=away) as bar:
        bar.add_task(words, total=total)
        yield bar
