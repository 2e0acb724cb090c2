"""`gtc dashboards`: where the boards are, and whether every panel of them has something to show."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gtc_cli import options, panel_client
from gtc_runtime import settings
from gtc_spec.errors import UnreachableError
from gtc_spec.metric import Where

if TYPE_CHECKING:
    from gtc_runtime.metrics.board_check import Finding

KIOSK: Final = "kiosk&refresh=5s&from=now-15m&to=now"
"""Bare `kiosk`: with `kiosk=tv` Grafana 13 keeps its breadcrumbs."""


@click.group()
def dashboards() -> None:
    """Look at the boards and check that they are fed."""


@dashboards.command("open")
@options.state_dir
def open_boards(state_dir: Path | None) -> None:
    """Print where each board is shown; without a Grafana, where the stage page is."""
    import dashboards as boards

    configured = settings.read(state_dir=state_dir)
    notes = panel_client.rehearsal_notes(configured.state_dir)
    urls = notes["urls"] if notes is not None else {}
    grafana = configured.grafana_url or urls.get("grafana", "")
    if grafana:
        for board in boards.load().values():
            click.echo(f"{grafana.rstrip('/')}/d/{board['uid']}/x?{KIOSK}")
    elif notes is not None:
        click.echo(f"{urls['panel']}/stage")
    else:
        raise UnreachableError(
            "no Grafana known: no GTC_GRAFANA_URL and no rehearsal runs here",
            "on a cluster: gtc open grafana, then GTC_GRAFANA_URL=http://127.0.0.1:3000",
        )


@dashboards.command()
@options.state_dir
@options.as_json
@click.option(
    "--prometheus",
    metavar="URL",
    default=None,
    help="Prometheus to ask. [GTC_PROMETHEUS_URL, else the rehearsal's]",
)
def check(state_dir: Path | None, as_json: bool, prometheus: str | None) -> int:
    """Ask every query of every board; exit 1 when a panel would stay empty."""
    url, rehearsal = _prometheus(prometheus, state_dir)
    where = options.environment(None, None).where(rehearsal=rehearsal)
    findings = asyncio.run(_findings(url, where))
    if as_json:
        click.echo(json.dumps({"prometheus": url, "queries": [one.to_json() for one in findings]}))
    else:
        _print(findings)
    return 1 if any(one.state == "empty" for one in findings) else 0


def _prometheus(given: str | None, state_dir: Path | None) -> tuple[str, bool]:
    """Whom to ask, and whether that is a rehearsal's."""
    configured = settings.read(state_dir=state_dir, prometheus_url=given)
    notes = panel_client.rehearsal_notes(configured.state_dir)
    rehearsed = "" if notes is None else str(notes["urls"].get("prometheus", ""))
    url = configured.prometheus_url or rehearsed
    if not url:
        raise UnreachableError(
            "no Prometheus known: no --prometheus, no GTC_PROMETHEUS_URL and no rehearsal here",
            "start one with make demo, or on a cluster: gtc open prometheus",
        )
    return url, url.rstrip("/") == rehearsed.rstrip("/")


async def _findings(url: str, where: Where) -> list[Finding]:
    import dashboards as boards
    from gtc_runtime.metrics.board_check import check_boards
    from gtc_runtime.metrics.prometheus import PrometheusClient

    async with PrometheusClient(url) as client:
        return await check_boards(client, boards.load(), where)


def _print(findings: list[Finding]) -> None:
    """What does not answer, panel by panel, and a line that counts everything."""
    told: set[tuple[str, str, str]] = set()
    for one in findings:
        line = (one.board, one.panel, one.reason)
        if one.state != "answers" and line not in told:
            told.add(line)
            mark = "FAIL" if one.state == "empty" else one.state
            click.echo(f"{mark:14}  {one.board} / {one.panel}: {one.reason}")
    counts = Counter(one.state for one in findings)
    click.echo(", ".join(f"{count} {state}" for state, count in counts.most_common()))
