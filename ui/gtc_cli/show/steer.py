"""Verbs of the presenter: hold, go-on, extend, next, resume for a show; undo for a load."""

from __future__ import annotations

from typing import Any

import click

from gtc_cli import options
from gtc_cli.show.view_lines import print_view
from gtc_cli.target import panel_client
from gtc_cli.target.panel_address import panel

JSON = dict[str, Any]


@click.command()
@options.panel
def hold(as_json: bool, **where: Any) -> None:
    """Let the show stand still in its phase; load goes on."""
    _order("/api/scenario/hold", where, as_json, {"on": True})


@click.command(name="go-on")
@options.panel
def go_on(as_json: bool, **where: Any) -> None:
    """Let a show that is held go on."""
    _order("/api/scenario/hold", where, as_json, {"on": False})


@click.command()
@options.panel
def extend(as_json: bool, **where: Any) -> None:
    """Make the running phase 30 s longer."""
    _order("/api/scenario/extend", where, as_json)


@click.command(name="next")
@options.panel
def next_phase(as_json: bool, **where: Any) -> None:
    """Go to the next phase now; it waits for its workers."""
    _order("/api/scenario/next", where, as_json)


@click.command()
@options.panel
def resume(as_json: bool, **where: Any) -> None:
    """Go on with a show that was stopped within 10 s."""
    _order("/api/scenario/resume", where, as_json)


@click.command()
@options.panel
def undo(as_json: bool, **where: Any) -> None:
    """Take back the last change of rate or mix."""
    _order("/api/workload/undo", where, as_json)


def _order(path: str, where: JSON, as_json: bool, body: JSON | None = None) -> None:
    with panel(**where) as address:
        print_view(panel_client.call(address, "POST", path, body), as_json)
