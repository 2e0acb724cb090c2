"""The group of `gtc plan` and its verbs."""

from __future__ import annotations

import click

from gtc_cli.plan.check import check


@click.group()
def plan() -> None:
    """Predict the show before playing it, and what this hardware can serve."""


for _verb in (check,):
    plan.add_command(_verb)
