"""The end of a run: its figures are printed first and written then.

A run may have cost an hour of a cluster. Nothing that breaks while it is told - a full disk, a
closed pipe, a library of the report - may cost its figures: what works is told, what does not is
named.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from gtc_cli.load.reports.outputs import Outputs, reason
from gtc_cli.load.summary import lines

JSON = dict[str, Any]


def print_and_write(
    document: JSON, requests: list[JSON], outputs: Outputs, *, as_json: bool
) -> bool:
    """Print the figures of a run and write everything that is wanted.

    Args:
        document: The report.
        requests: Finished requests, oldest first.
        outputs: What is to be written.
        as_json: Print the report instead of its summary.

    Returns:
        Whether all of it worked; what did not has been named on standard error.
    """
    broken: list[str] = []
    try:
        click.echo(_printed(document) if as_json else "\n".join(("", *lines(document))))
    except OSError as error:
        broken.append(f"cannot print the figures: {reason(error)}")
        _say("\n".join(lines(document)))
    due = document["check"]["due"]
    if outputs.needs_requests and len(requests) < due:
        broken.append(f"{len(requests)} of {due} requests were kept: the log of a run has an end")
    written, unwritten = outputs.write(document, requests)
    for path in written:
        _say(f"wrote {path}")
    for each in (*broken, *unwritten):
        _say(f"error: {each}")
    return not broken and not unwritten


def steadily(draw: Callable[[Any], None]) -> Callable[[Any], None]:
    """The same view, which stays away once it could not be drawn."""
    gone: list[OSError] = []

    def drawn(run: Any) -> None:
        if gone:
            return
        try:
            draw(run)
        except OSError as error:
            gone.append(error)

    return drawn


def _printed(document: JSON) -> str:
    return json.dumps({k: v for k, v in document.items() if k != "histograms"})


def _say(text: str) -> None:
    """On standard error, which may be closed too."""
    try:
        click.echo(text, err=True)
    except OSError:
        return
