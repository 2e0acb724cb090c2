"""Verbs that drive a running demo: start, stop, auto, manual, reset, and safe."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gtc_cli import options, panel_client
from gtc_cli.status import status_lines
from gtc_runtime import settings
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.phases import WorkloadMix

if TYPE_CHECKING:
    from gtc_runtime.scenario.safe import SafeReport

JSON = dict[str, Any]


@click.command()
@options.url
@options.state_dir
@options.as_json
@click.option("--rps", type=float, default=None, help="Requests per second.")
@click.option("--mix", default=None, metavar="A/B/C", help="Shares, like 40/30/30.")
def start(
    url: str | None, state_dir: Path | None, as_json: bool, rps: float | None, mix: str | None
) -> None:
    """Start the load in manual mode."""
    body: JSON = {}
    if rps is not None:
        body["rps"] = rps
    if mix is not None:
        body["mix"] = str(WorkloadMix.parse(mix))
    _show(_call("POST", "/api/workload/start", url, state_dir, body), as_json)


@click.command()
@options.url
@options.state_dir
@options.as_json
def stop(url: str | None, state_dir: Path | None, as_json: bool) -> None:
    """Stop all load; auto mode ends with it."""
    _show(_call("POST", "/api/workload/stop", url, state_dir), as_json)


@click.command()
@options.url
@options.state_dir
@options.as_json
@click.option("--once", is_flag=True, help="End after one cycle.")
def auto(url: str | None, state_dir: Path | None, as_json: bool, once: bool) -> None:
    """Let the scenario drive load and workers; KEDA is paused."""
    _show(_call("POST", "/api/scenario/auto", url, state_dir, {"once": once}), as_json)


@click.command()
@options.url
@options.state_dir
@options.as_json
def manual(url: str | None, state_dir: Path | None, as_json: bool) -> None:
    """Give the load to you and scaling to KEDA."""
    _show(_call("POST", "/api/scenario/manual", url, state_dir), as_json)


@click.command()
@options.url
@options.state_dir
@options.as_json
def reset(url: str | None, state_dir: Path | None, as_json: bool) -> None:
    """Load off, initial ratio, statistics zeroed."""
    _show(_call("POST", "/api/reset", url, state_dir), as_json)


@click.command()
@options.env
@options.state_dir
@options.as_json
def safe(env: str | None, state_dir: Path | None, as_json: bool) -> int:
    """Reach the safe state without a panel: load off, initial ratio, KEDA scaling."""
    report = reach_safe_state(*which_cluster(env, state_dir))
    if as_json:
        click.echo(json.dumps(asdict(report)))
    for line in () if as_json else report.done:
        click.echo(f"done: {line}")
    if report.failed and not as_json:
        raise GtcError("; ".join(report.failed), "repeat gtc safe")
    return 1 if report.failed else 0


def which_cluster(env: str | None, state_dir: Path | None) -> tuple[Environment, str | None]:
    """The environment to expect and the kubeconfig to use.

    KUBECONFIG wins; without it a running rehearsal is meant, then whatever Kubernetes clients use.

    Raises:
        UsageError: There is no such environment, or the notes of a rehearsal are broken.
    """
    configured = settings.read(env=env, state_dir=state_dir)
    if configured.kubeconfig:
        return options.environment(configured.env, None), configured.kubeconfig
    notes = panel_client.rehearsal_notes(configured.state_dir)
    if notes is None:
        return options.environment(configured.env, None), None
    return options.environment(env or notes["env"], None), notes["kubeconfig"]


def reach_safe_state(environment: Environment, kubeconfig: str | None) -> SafeReport:
    """Load off, initial ratio, KEDA scaling, by Kubernetes alone.

    Args:
        environment: What is deployed.
        kubeconfig: File to use; None takes the usual places.

    Raises:
        GtcError: No cluster answers, or the Lease cannot be taken.
    """
    from gtc_runtime.cluster.kube import Kube
    from gtc_runtime.scenario.safe import make_safe

    async def act() -> SafeReport:
        async with await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig) as kube:
            return await make_safe(kube, environment.initial_ratio, environment.slots)

    return asyncio.run(act())


def _call(
    method: str, path: str, url: str | None, state_dir: Path | None, body: JSON | None = None
) -> JSON:
    configured = settings.read(url=url, state_dir=state_dir)
    answer: JSON = panel_client.call(panel_client.find(configured), method, path, body)
    return answer


def _show(view: JSON, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(view))
        return
    for line in status_lines(view):
        click.echo(line)


COMMANDS = (start, stop, auto, manual, reset, safe)
