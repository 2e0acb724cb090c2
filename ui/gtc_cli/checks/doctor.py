"""`gtc doctor`: what is missing before any money flows, and what it will cost; changes nothing."""

from __future__ import annotations

import click

from gtc_cli import options, verdicts
from gtc_cli.checks.examination import OFFLINE, examine


@click.command()
@options.env
@options.as_json
@verdicts.only
def doctor(env: str | None, as_json: bool, only: tuple[str, ...]) -> int:
    """Check account, tools and keys before a deployment, and its price, in under 15 s."""
    return verdicts.tell(examine(env, only), as_json)


@click.command("check-env")
@options.env
@options.as_json
def check_env(env: str | None, as_json: bool) -> int:
    """Check every variable and choice of a deployment, and nothing else; part of doctor."""
    return verdicts.tell(examine(env, OFFLINE), as_json)
