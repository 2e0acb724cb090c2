"""The group of `gtc plan` and its verbs."""

from __future__ import annotations

import click

from gtc_cli.plan.capacity import capacity_verb
from gtc_cli.plan.check import check
from gtc_cli.plan.fit import fit_verb
from gtc_cli.plan.what_if import what_if_verb


@click.group()
def plan() -> None:
    """Predict the show before playing it, and what this hardware can serve."""


for _verb in (check, fit_verb, capacity_verb, what_if_verb):
    plan.add_command(_verb)
