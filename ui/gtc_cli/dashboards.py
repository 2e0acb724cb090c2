"""`gtc dashboards`: where the boards are, and whether every panel of them has something to show."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Final

import click

import gtc_dashboards as boards
from gtc_cli import options, verdicts
from gtc_cli.target import rehearsal_notes
from gtc_cli.target.port_forward import hold
from gtc_cli.target.target import Target, choose
from gtc_runtime import choices, settings
from gtc_runtime.metrics.board_check import BoardQuery, check_boards
from gtc_runtime.metrics.prometheus import PrometheusClient
from gtc_runtime.settings import Settings
from gtc_spec.engines import trtllm
from gtc_spec.environment import Environment

KIOSK: Final = "kiosk&refresh=5s&from=now-15m&to=now"
"""Bare `kiosk`: with `kiosk=tv` Grafana 13 keeps its breadcrumbs."""


@click.group()
def dashboards() -> None:
    """Look at the boards and check that they are fed."""


@dashboards.command("open")
@options.cluster
@click.option("--local-port", type=click.IntRange(1, 65535), default=None, help="Port to use here.")
def open_boards(
    env: str | None, state_dir: Path | None, kubeconfig: str | None, local_port: int | None
) -> None:
    """Print where each board is shown; on a cluster also forward a port to Grafana until Ctrl-C.

    A rehearsal without a Grafana has its stage page instead.
    """
    known = settings.read(state_dir=state_dir).grafana_url
    if known:
        click.echo("\n".join(_boards_at(known)))
        return
    target = choose(env, state_dir, kubeconfig)
    if target.notes is None:
        hold(target, "grafana", local_port, _boards_at)
        return
    urls = target.notes["urls"]
    shown = _boards_at(urls["grafana"]) if "grafana" in urls else [f"{urls['panel']}/stage"]
    click.echo("\n".join(shown))


def _boards_at(grafana: str) -> list[str]:
    base = grafana.rstrip("/")
    # whatever the engine, a board has one address
    return [f"{base}/d/{board['uid']}/x?{KIOSK}" for board in boards.load(trtllm.TRAITS).values()]


@dashboards.command()
@options.cluster
@options.as_json
@click.option(
    "--prometheus",
    metavar="URL",
    default=None,
    help="Prometheus to ask. [GTC_PROMETHEUS_URL, else that of the cluster]",
)
def check(
    env: str | None,
    state_dir: Path | None,
    kubeconfig: str | None,
    as_json: bool,
    prometheus: str | None,
) -> int:
    """Ask every query of every board; exit 1 when a panel would stay empty."""
    configured = settings.read(env=env, state_dir=state_dir, prometheus_url=prometheus)
    known = bool(configured.prometheus_url)
    target = None if known else choose(env, state_dir, kubeconfig)
    url, queries = asyncio.run(_asked(configured, target))
    if as_json:
        click.echo(json.dumps({"prometheus": url, "queries": [one.to_json() for one in queries]}))
    else:
        _print(queries)
    return 1 if any(one.state == "empty" for one in queries) else 0


async def _asked(configured: Settings, target: Target | None) -> tuple[str, list[BoardQuery]]:
    """Whom we asked, and what was found: a named Prometheus or that of a cluster."""
    if target is None:
        url = configured.prometheus_url
        notes = rehearsal_notes.read(configured.state_dir)
        rehearsed = str(notes["urls"].get("prometheus", "")) if notes else ""
        here = url.rstrip("/") == rehearsed.rstrip("/")
        return url, await _queries(url, choices.environment(configured.env), here)
    there = target.environment()
    if target.notes is not None:
        url = str(target.notes["urls"]["prometheus"])
        return url, await _queries(url, there, rehearsal=True)
    async with target.forwarded("prometheus") as address:
        return address, await _queries(address, there, rehearsal=False)


async def _queries(url: str, env: Environment, rehearsal: bool) -> list[BoardQuery]:
    shown, where = boards.load(env.engine.traits), env.where(rehearsal=rehearsal)
    async with PrometheusClient(url) as client:
        return await check_boards(client, shown, where)


def _print(asked: list[BoardQuery]) -> None:
    """What does not answer, panel by panel, and a line that counts everything."""
    verdicts.draw(*dict.fromkeys(one.verdict for one in asked if one.state != "answers"))
    counts = Counter(one.state for one in asked)
    click.echo(", ".join(f"{count} {state}" for state, count in counts.most_common()))
