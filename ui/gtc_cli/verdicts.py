"""How verdicts are told in a terminal: one line each, and what to do below a red one.

Doctor, preflight, proofs, plan, rehearsal and boards draw with this. It must not know who asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import click
from rich.console import Console

from gtc_runtime.verdict import Report, Verdict

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
SLOW_S: Final = 1.0
"""What took longer says so."""


def tell(report: Report, as_json: bool) -> int:
    """Print a report and return the exit code: 1 when anything is red."""
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        show(report)
    return 0 if report.passed else 1


def show(report: Report) -> None:
    """Print a report for people."""
    draw(*report.checks)
    click.echo(f"{'ready' if report.passed else 'not ready'}: {report.summary}")


def draw(*checks: Verdict, width: int = 0) -> None:
    """Print verdicts for people, one line each.

    Args:
        checks: The verdicts.
        width: Least width of the column of names, for verdicts that come one by one.
    """
    console = Console(soft_wrap=True, highlight=False)
    width = max(width, *(len(check.name) for check in checks), 0)
    for check in checks:
        console.print(SIGNS[check.state], end=" ")
        console.print(f"{check.name:{width}}  {_told(check)}", markup=False)


def _told(check: Verdict) -> str:
    told = check.found
    if check.state == "red" and check.expected:
        told = f"{told}; expected: {check.expected}"
    if check.took_s >= SLOW_S:
        told = f"{told}  [{check.took_s:.0f} s]"
    return f"{told}\n{' ' * 8}-> {check.hint}" if check.hint else told
