"""`gtc verify`: prove by real requests that the demo does what it shows. Exit 1 when any is red."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Final

import click

from gtc_cli import options, verdicts
from gtc_cli.checks.junit import junit
from gtc_cli.target.target import Target, choose, with_frontend
from gtc_runtime.checks.scene import opened
from gtc_runtime.checks.verify.verify import CLAIMS
from gtc_runtime.checks.verify.verify import verify as prove
from gtc_runtime.verdict import Report, Verdict
from gtc_spec.errors import GtcError, UsageError

NAMES: Final = (*(claim.name for claim in CLAIMS), "all")
WIDTH: Final = max(map(len, NAMES))


@click.command()
@click.argument("claim", type=click.Choice(NAMES))
@options.cluster
@click.option("--json", "json_file", is_flag=False, flag_value="-", default=None, metavar="[FILE]",
              help="Print JSON, or write it to a file.")  # fmt: skip
@click.option("--junit", "junit_file", type=click.Path(path_type=Path, dir_okay=False),
              default=None, help="Write JUnit XML here.")  # fmt: skip
def verify(
    claim: str,
    env: str | None,
    state_dir: Path | None,
    kubeconfig: str | None,
    json_file: str | None,
    junit_file: Path | None,
) -> int:
    """Prove with real requests: inference, disagg, kv-cache, scaling, link, or all of them."""
    report = None if json_file in (None, "-") else Path(str(json_file))
    for path in (report, junit_file):
        if path is not None and not path.parent.is_dir():
            raise UsageError(f"cannot write {path}: there is no directory {path.parent}")
    target = choose(env, state_dir, kubeconfig)
    proved = asyncio.run(_prove(claim, target, quiet=json_file == "-"))
    if json_file == "-":
        click.echo(json.dumps(proved.to_json()))
    if report is not None:
        _write(report, json.dumps(proved.to_json(), indent=1) + "\n")
    if junit_file is not None:
        _write(junit_file, junit("gtc verify", proved))
    return 0 if proved.passed else 1


async def _prove(claim: str, target: Target, *, quiet: bool) -> Report:
    chosen = [each for each in CLAIMS if claim in (each.name, "all")]
    environment, notes = target.environment(), target.notes or {}
    if notes and notes["env"] != environment.name:
        raise UsageError(
            f"the rehearsal here is {notes['env']}, not {environment.name}",
            f"--env {notes['env']}, or make ... ENV={notes['env']}",
        )
    time_scale = float(notes.get("time_scale", 1))
    async with (
        with_frontend(target) as addresses,
        opened(environment, target.settings, addresses) as scene,
    ):
        told = _silent if quiet else partial(verdicts.draw, width=WIDTH)
        return await prove(scene, chosen, told, time_scale=time_scale)


def _silent(_: Verdict) -> None:
    """With --json everything is told at the end."""


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GtcError(f"cannot write {path}: {error.strerror or error}") from None
