"""`gtc wait`: until a part of a deployed cluster is there, with a deadline and the reason."""

from __future__ import annotations

from pathlib import Path

import click

from gtc_cli import options
from gtc_cli.steps.wait import DEADLINES_S, until
from gtc_cli.target.target import choose


@click.command()
@click.argument("part", type=click.Choice(tuple(DEADLINES_S)))
@options.cluster
@click.option(
    "--deadline", "deadline_s", type=click.FloatRange(0), default=None, help="Seconds to wait."
)
def wait(
    part: str,
    env: str | None,
    state_dir: Path | None,
    kubeconfig: str | None,
    deadline_s: float | None,
) -> None:
    """Wait until a part of the cluster is there; exit 1 when it is not in time."""
    target = choose(env, state_dir, kubeconfig)
    until(part, target.environment(), target.kubeconfig, deadline_s)
