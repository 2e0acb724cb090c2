"""Where a run is written to, and in which form: checked before any load, written at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from gtc_cli.load.reports.aiperf import RECORDS_FILE, SUMMARY_FILE, records, summary
from gtc_cli.load.reports.csv_table import csv_table
from gtc_spec.errors import UsageError

JSON = dict[str, Any]
EXPORTS: Final = ("aiperf",)


@dataclass(frozen=True)
class Outputs:
    """What is wanted.

    Attributes:
        reports: Files, their form by their suffix.
        aiperf: Files or folders for figures in AIPerf's form.
        requests: Where the finished requests go, one a line; None keeps none.
    """

    reports: tuple[Path, ...] = ()
    aiperf: tuple[Path, ...] = ()
    requests: Path | None = None

    @property
    def needs_requests(self) -> bool:
        """Whether single requests must be logged during the run."""
        return self.requests is not None or bool(self.aiperf)

    def write(self, document: JSON, requests: list[JSON]) -> tuple[list[Path], list[str]]:
        """Write everything.

        Args:
            document: The report, as `gtc_cli.load.reports.report.document` makes it.
            requests: Finished requests, oldest first.

        Returns:
            The files that were written, and what is wrong with those that were not.
        """
        written: list[Path] = []
        broken: list[str] = []

        def put(path: Path, text: Callable[[], str]) -> None:
            try:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text(), encoding="utf-8")
                written.append(path)
            except Exception as error:  # one form must not cost the others
                broken.append(f"cannot write {path}: {reason(error)}")

        for path in self.reports:
            put(path, lambda make=FORMS[path.suffix]: make(document))  # type: ignore[misc]
        for path in self.aiperf:
            for file, text in _aiperf(path, document, requests):
                put(file, text)
        if self.requests is not None:
            put(self.requests, lambda: "".join(json.dumps(each) + "\n" for each in requests))
        return written, broken


def parse(reports: Iterable[Path], exports: Iterable[str], requests: Path | None) -> Outputs:
    """Read what the flags say.

    Raises:
        UsageError: A form is not known, a place is not there, or a library is missing.
    """
    reports = tuple(reports)
    for path in reports:
        if path.suffix not in FORMS:
            raise UsageError(
                f"not a report: {path}, allowed: a name that ends in {', '.join(FORMS)}"
            )
        lacking = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
        if path.suffix == ".html" and lacking:
            raise UsageError(
                f"an html report needs {' and '.join(lacking)}, not installed here",
                "pip install 'gtc-demo[reports]', or ask for .json and make the page elsewhere",
            )
    aiperf = tuple(_export(text) for text in exports)
    for path in (*reports, *aiperf, *(() if requests is None else (requests,))):
        _refuse_place(path)
    return Outputs(reports, aiperf, requests)


def reason(error: Exception) -> str:
    """An error in a few words, in lower case."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:200].lower()


def _export(text: str) -> Path:
    form, sign, path = text.partition(":")
    if form not in EXPORTS or not sign or not path:
        raise UsageError(f"not an export: {text!r}, allowed: aiperf:FILE.json or aiperf:FOLDER")
    return Path(path)


def _refuse_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no directory {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"cannot write {path}: permission denied")


def _json(document: JSON) -> str:
    """One part of the report a line: small, and still readable."""
    parts = (f"{json.dumps(name)}: {json.dumps(part)}" for name, part in document.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _html(document: JSON) -> str:
    # of the extra `reports`; `parse` has looked whether it is there
    from gtc_cli.load.reports.html_page import html_page

    return html_page(document)


FORMS: Final[dict[str, Callable[[JSON], str]]] = {".json": _json, ".csv": csv_table, ".html": _html}
"""How a report is made, by the suffix of its file."""


def _aiperf(
    path: Path, document: JSON, requests: list[JSON]
) -> list[tuple[Path, Callable[[], str]]]:
    """The files of an export: a summary for a name in .json, records for .jsonl, else both."""
    both = {".json": summary, ".jsonl": records}
    if path.suffix in both:
        return [(path, lambda: both[path.suffix](document, requests))]
    return [
        (path / SUMMARY_FILE, lambda: summary(document, requests)),
        (path / RECORDS_FILE, lambda: records(document, requests)),
    ]
