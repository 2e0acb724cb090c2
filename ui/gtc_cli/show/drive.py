"""Verbs that drive a running demo: start, stop, auto, manual, reset."""

from __future__ import annotations

from typing import Any

import click

from gtc_cli import options
from gtc_cli.show.view_lines import print_view
from gtc_cli.target import panel_client
from gtc_cli.target.panel_address import panel
from gtc_spec.workloads import WorkloadMix

JSON = dict[str, Any]


@click.command()
@options.panel
@click.option("--rps", type=float, default=None, help="Requests per second.")
@click.option("--mix", default=None, metavar="A/B/C", help="Shares, like 40/30/30.")
def start(as_json: bool, rps: float | None, mix: str | None, **where: Any) -> None:
    """Start the load in manual mode; auto mode ends first."""
    body: JSON = {}
    if rps is not None:
        body["rps"] = rps
    if mix is not None:
        body["mix"] = str(WorkloadMix.parse(mix))
    with panel(**where) as address:
        if panel_client.call(address, "GET", "/api/status")["mode"] in ("auto", "starting"):
            panel_client.call(address, "POST", "/api/scenario/manual")
            click.echo("auto mode ended: the load is yours, keda scales", err=True)
        print_view(panel_client.call(address, "POST", "/api/workload/start", body), as_json)


@click.command()
@options.panel
def stop(as_json: bool, **where: Any) -> None:
    """Stop all load; auto mode ends with it."""
    print_view(_call("POST", "/api/workload/stop", where), as_json)


@click.command()
@options.panel
@click.option("--once", is_flag=True, help="End after one cycle.")
@click.option(
    "--take-over", is_flag=True, help="Also when somebody else has paused KEDA; that ends with it."
)
def auto(as_json: bool, once: bool, take_over: bool, **where: Any) -> None:
    """Let the scenario drive load and workers; KEDA is paused."""
    body = {"once": once, "take_over": take_over}
    print_view(_call("POST", "/api/scenario/auto", where, body), as_json)


@click.command()
@options.panel
def manual(as_json: bool, **where: Any) -> None:
    """Give the load to you and scaling to KEDA."""
    print_view(_call("POST", "/api/scenario/manual", where), as_json)


@click.command()
@options.panel
def reset(as_json: bool, **where: Any) -> None:
    """Load off, initial ratio, statistics zeroed."""
    print_view(_call("POST", "/api/reset", where), as_json)


def _call(method: str, path: str, where: JSON, body: JSON | None = None) -> JSON:
    with panel(**where) as address:
        answer: JSON = panel_client.call(address, method, path, body)
    return answer
