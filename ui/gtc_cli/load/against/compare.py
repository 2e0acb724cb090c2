"""`gtc load compare`: two reports in, a table out that knows noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gtc_cli.load.against import comparison
from gtc_cli.load.against.spread import differences
from gtc_cli.load.reports.outputs import reason
from gtc_cli.load.reports.report import SCHEMA
from gtc_spec import foreign_json
from gtc_spec.errors import GtcError, UsageError

JSON = dict[str, Any]


def carry_out(a: Path, b: Path, page: Path | None, *, as_json: bool) -> int:
    """Compare two reports and print the table.

    Raises:
        UsageError: A file is no report.
        GtcError: The page cannot be written.
    """
    reports = [_report(path) for path in (a, b)]
    found = differences(reports[0]["windows"], reports[1]["windows"])
    document = comparison.document(reports[0], reports[1], (a, b), found)
    click.echo(json.dumps(document) if as_json else "\n".join(comparison.lines(document)))
    if page is not None:
        # of the extra `reports`
        from gtc_cli.load.against.plots import drawings

        try:
            page.write_text(comparison.page(document, drawings(*reports)), encoding="utf-8")
        except OSError as error:
            raise GtcError(f"cannot write {page}: {reason(error)}") from None
        click.echo(f"wrote {page}", err=True)
    return 0


def _report(path: Path) -> JSON:
    try:
        report = foreign_json.read(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {str(error).lower()}") from None
    if not isinstance(report, dict) or report.get("schema") != SCHEMA or "windows" not in report:
        raise UsageError(
            f"{path} is no report of one run", "gtc load run … --report FILE.json writes one"
        )
    return report
