"""How named checks are chosen and told: one line each, what to do below a red one, or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from gtc_runtime.checks.check import Check, Report

only: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--only", "only", multiple=True, metavar="CHECK", help="Only this; may be repeated."
)

SIGNS: Final = {
    "green": "[green]ok[/]     ",
    "red": "[red bold]RED[/]    ",
    "not-applicable": "[dim]n/a[/]    ",
    "not-permitted": "[yellow]no view[/]",
}
"""What each state is called in a terminal, seven characters wide."""


def tell(report: Report, as_json: bool) -> int:
    """Print a report and return the exit code: 1 when anything is red."""
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        show(report)
    return 0 if report.passed else 1


def show(report: Report) -> None:
    """Print a report for people."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    width = max(len(check.name) for check in report.checks)
    for check in report.checks:
        console.print(SIGNS[check.state], end=" ")
        console.print(f"{check.name:{width}}  {_told(check)}", markup=False)
    console.print(f"{'ready' if report.passed else 'not ready'}: {report.summary}", markup=False)


def _told(check: Check) -> str:
    if check.state != "red":
        return check.found
    told = f"{check.found}; expected: {check.expected}" if check.expected else check.found
    return f"{told}\n{' ' * 8}-> {check.hint}" if check.hint else told
