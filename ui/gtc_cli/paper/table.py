"""One table for a terminal and for a page alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text


@dataclass(frozen=True)
class Table:
    """Words and figures in rows.

    Attributes:
        title: Above it.
        heads: Over the columns.
        rows: One text a column.
        words: How many columns, from the left, hold words and not figures.
        note: Below it.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    note: str = ""

    def show(self) -> None:
        """Print it to a terminal."""
        drawn = RichTable(
            title=self.title,
            title_justify="left",
            title_style="bold",
            box=SIMPLE,
            padding=(0, 1, 0, 0),
        )
        for place, head in enumerate(self.heads):
            left = place < self.words
            drawn.add_column(
                head, justify="left" if left else "right", no_wrap=place == 0 or not left
            )
        for row in self.rows:
            drawn.add_row(*map(Text, row))
        console = Console()
        console.print(drawn)
        if self.note:
            console.print(Text(self.note, style="dim"), soft_wrap=True)


def show_all(tables: Iterable[Table], sentence: str) -> None:
    """Print tables, and what they say in a sentence, to the terminal."""
    for table in tables:
        table.show()
    Console(highlight=False).print(sentence, soft_wrap=True, markup=False)
