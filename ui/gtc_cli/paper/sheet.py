"""A page of an answer: verdicts, drawings and tables, in one file that needs no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment as Templates
from jinja2 import StrictUndefined
from markupsafe import Markup

from gtc_cli.paper.style import style
from gtc_cli.paper.table import Table
from gtc_runtime.verdict import Verdict
from gtc_spec.errors import UsageError


@dataclass(frozen=True)
class Drawing:
    """One drawing.

    Attributes:
        caption: What it shows.
        svg: The drawing itself.
        small: Whether two stand side by side.
    """

    caption: str
    svg: str
    small: bool = False

    @property
    def markup(self) -> Markup:
        """The drawing as a page takes it; we made it, with what came from outside escaped."""
        return Markup(self.svg)  # noqa: S704


@dataclass(frozen=True)
class Sheet:
    """What stands on the page, from the top.

    Attributes:
        title: What was asked.
        under: Of what, in one sentence.
        verdicts: What was judged.
        drawings: With their captions.
        tables: Figures.
        notes: What a reader has to know to trust it, one sentence each.
        listing: Text as it is, such as a patch; empty for none.
    """

    title: str
    under: str
    verdicts: Sequence[Verdict] = ()
    drawings: Sequence[Drawing] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    listing: str = ""

    def html(self) -> str:
        """The page; it needs no other file and no network."""
        templates = Templates(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        source = (resources.files("gtc_cli.paper") / "sheet.html.j2").read_text(encoding="utf-8")
        return templates.from_string(source).render(sheet=self, style=Markup(style()))  # noqa: S704

    def write(self, path: Path) -> None:
        """Write the page.

        Raises:
            UsageError: It cannot be written.
        """
        try:
            path.write_text(self.html(), encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"cannot write {path}: {(error.strerror or str(error)).lower()}"
            ) from None
