"""Flags that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gtc_runtime import choices
from gtc_spec.environment import ENVIRONMENTS
from gtc_spec.errors import UsageError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

env: Decorator = click.option(
    "--env",
    metavar="NAME",
    default=None,
    help=f"Environment: {', '.join(ENVIRONMENTS)}. [GTC_ENV, default {choices.DEFAULT_ENV}]",
)
phases: Decorator = click.option(
    "--phases", metavar="TABLE", default=None, help="Phase table: show or plan. [default show]"
)
as_json: Decorator = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
url: Decorator = click.option(
    "--url",
    metavar="URL",
    default=None,
    help="Panel to talk to. [GTC_URL, else the cluster's]",
)
state_dir: Decorator = click.option(
    "--state-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Where the rehearsal keeps its files. [GTC_STATE_DIR, default .gtc]",
)
kubeconfig: Decorator = click.option(
    "--kubeconfig",
    metavar="FILE",
    default=None,
    help="Cluster. [KUBECONFIG, else the rehearsal that runs, else .gtc/kubeconfig-ENV]",
)
port: Decorator = click.option(
    "--port",
    type=int,
    default=None,
    help="Port of the panel; 0 takes any. [GTC_PORT, default 8080]",
)
time_scale: Decorator = click.option(
    "--time-scale",
    type=float,
    default=1.0,
    help="Multiply phases, leads, worker starts and scaler windows by this (0.2 is five times"
    " shorter).",
)


def _together(*flags: Decorator) -> Decorator:
    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for flag in reversed(flags):
            command = flag(command)
        return command

    return decorated


cluster: Decorator = _together(env, state_dir, kubeconfig)
"""Which cluster is meant; see `gtc_cli.target.target.choose`."""
panel: Decorator = _together(env, url, state_dir, kubeconfig, as_json)
"""Which panel is talked to; see `gtc_cli.target.panel_address.panel`."""
run_flags: Decorator = _together(
    click.option("--headless", is_flag=True, help="No pages; REST, sockets and metrics only."),
    click.option("--auto", is_flag=True, help="Begin auto mode when the workers are ready."),
    click.option("--once", is_flag=True, help="With --auto: end after one cycle."),
    click.option(
        "--report",
        type=click.Path(path_type=Path, dir_okay=False),
        default=None,
        help="With --once: write the report of the cycle here.",
    ),
)
"""A run that nobody presses a button for."""


def refuse_odd_run(*, auto: bool, once: bool, report: Path | None, headless: bool) -> None:
    """Refuse flags of a run that make no sense together.

    Raises:
        UsageError: --once without --auto, --report without --once, or a report without a place.
    """
    del headless  # goes with everything
    if once and not auto:
        raise UsageError("--once needs --auto", "gtc rehearse --headless --auto --once")
    if report is not None and not once:
        raise UsageError("--report needs --once: only a run that ends has a report")
    if report is not None and not report.parent.is_dir():
        raise UsageError(f"cannot write {report}: there is no directory {report.parent}")
