"""The verb: which loads, how long, where the reports go; and the order of things."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gtc_cli import options
from gtc_cli.compare.report import SCHEMA, doubts, figures, summary, verdicts
from gtc_cli.load.reports.report import document
from gtc_cli.load.run import Plan, Run
from gtc_cli.load.session import drive
from gtc_cli.target.target import Target, choose, with_frontend
from gtc_runtime.checks.scene import Scene, opened
from gtc_runtime.checks.verify.verify import refuse_while_busy
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.settings import settings_from
from gtc_runtime.scenario.unattended.swap import Swap, swapping
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.pools import PDRatio

JSON = dict[str, Any]
DEFAULT_LOADS = ("BALANCED", "KV_CACHE_DEMO", "PREFILL_STRESS", "FULL_LOAD")
NOTES = (
    "the same seed sends the same prompts at the same times to both; follow-up turns come after the"
    " answer before them, so faster serving is asked a little earlier",
    "goals are those of a single request; a figure within 10 % of the other counts as even",
    "dollars are GPU and management nodes at list price, by the share of the GPUs that served, for"
    " the time of the load; storage and traffic are not in it",
)
NOTE_REHEARSAL = (
    "a rehearsal: step times by the packaged profile, transfers without contention, and an"
    " aggregated worker's mixed steps as the simulator makes them; measure on hardware before you"
    " quote a figure"
)
NOTE_REAL = (
    "real workers of a rehearsal: step times and transfers are those of this machine's GPUs and"
    " links; nothing here says what a network between nodes would do"
)
NOTE_FORWARDED = (
    "the load went through a port that Kubernetes forwards: its way and its share of this machine"
    " are in every latency; GTC_FRONTEND_URL names a nearer address of the Service"
)


@click.command()
@options.cluster
@click.option("--ratio", default=None, metavar="xP:yD", help="Workers to compare. [initial ratio]")
@click.option("--load", "loads", multiple=True, metavar="PHASE",
              help="Rate and mix of this phase; may be repeated. [four of them]")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(5, 1800), default=60.0, show_default=True,
              help="Length of each load.")  # fmt: skip
@click.option("--seed", type=int, default=None, help="Of arrivals and texts. [a new one]")
@click.option("--report", "reports", multiple=True, type=click.Path(path_type=Path, dir_okay=False),
              help="A file in .json or .html; may be repeated.")  # fmt: skip
def compare(
    env: str | None,
    state_dir: Path | None,
    kubeconfig: str | None,
    ratio: str | None,
    loads: tuple[str, ...],
    seconds: float,
    seed: int | None,
    reports: tuple[Path, ...],
) -> int:
    """Serve the same load disaggregated and aggregated, on the same GPUs, and restore the demo."""
    target = choose(env, state_dir, kubeconfig)
    environment, configured = target.environment(), target.settings
    chosen = PDRatio.parse(ratio) if ratio else environment.initial_ratio
    names = _phases(environment, loads)
    configured.state_dir.mkdir(parents=True, exist_ok=True)
    for path in reports:
        if path.suffix not in (".json", ".html") or not path.parent.is_dir():
            raise UsageError(f"not a report: {path}, allowed: .json or .html in a directory")
    texts = time.time_ns() % 2**31 if seed is None else seed
    try:
        document = asyncio.run(_compare(environment, target, chosen, names, seconds, texts))
    except asyncio.CancelledError:
        raise GtcError("interrupted; nothing is compared, the demo's graph is back") from None
    _write(document, reports)
    for line in document["summary"]:
        click.echo(line)
    return 0


def _phases(env: Environment, loads: tuple[str, ...]) -> dict[str, Any]:
    known = {phase.name.value: phase for phase in env.table.phases}
    unknown = [name for name in loads if name not in known]
    if unknown:
        raise UsageError(f"unknown phase '{unknown[0]}', allowed: {', '.join(known)}")
    return {name: known[name] for name in (loads or DEFAULT_LOADS)}


async def _compare(
    env: Environment,
    target: Target,
    ratio: PDRatio,
    phases: dict[str, Any],
    seconds: float,
    seed: int,
) -> JSON:
    started = datetime.now(UTC)
    _end_in_order()
    keep = target.settings.state_dir / "compare-graph.json"
    async with (
        with_frontend(target) as addresses,
        opened(env, target.settings, addresses) as scene,
    ):
        legs = await _both(scene, keep, ratio, phases, seconds, seed)
        rehearsal = scene.rehearsal
    rows = verdicts(legs)
    run = {
        "started": started.isoformat(timespec="seconds"),
        "environment": env.name,
        "gpus": ratio.total,
        "ratio": str(ratio),
        "seconds": seconds,
        "seed": seed,
        "where": _place(rehearsal),
        "slo": env.slo.model_dump(),
    }
    forwarded = not target.addresses.get("frontend")
    local = NOTE_REHEARSAL if _simulated(target) else NOTE_REAL
    more = [note for note, so in ((local, rehearsal), (NOTE_FORWARDED, forwarded)) if so]
    notes = [*doubts(legs), *NOTES, *more]
    told = {"summary": summary(rows), "verdicts": rows, "notes": notes}
    return {"schema": SCHEMA, "run": run, **told, "legs": legs}


async def _both(
    scene: Scene,
    keep: Path,
    ratio: PDRatio,
    phases: dict[str, Any],
    seconds: float,
    seed: int,
) -> dict[str, dict[str, JSON]]:
    """All loads on the demo's graph, then on the other one; the demo's is back afterwards."""
    if scene.problem is not None:
        raise scene.problem
    await refuse_while_busy(scene, None)
    legs: dict[str, dict[str, JSON]] = {}
    async with swapping(scene.kube, scene.env, keep, click.echo) as swap:
        await swap.disaggregated(ratio)
        legs["disaggregated"] = await _leg(scene, swap, phases, seconds, seed, ratio.total)
        await swap.aggregated(ratio.total)
        legs["aggregated"] = await _leg(scene, swap, phases, seconds, seed, ratio.total)
    return legs


def _simulated(target: Target) -> bool:
    """Whether the workers of a rehearsal are simulated, by what it wrote down."""
    return bool((target.notes or {}).get("workers", "simulated") == "simulated")


def _place(rehearsal: bool) -> str:
    kind = "rehearsal" if rehearsal else "cluster"
    return f"{kind}, load from a machine with {os.cpu_count()} CPUs"


async def _leg(
    scene: Scene, swap: Swap, phases: dict[str, Any], seconds: float, seed: int, gpus: int
) -> dict[str, JSON]:
    """Each load once, against whatever serves now."""
    found: dict[str, JSON] = {}
    for number, (name, phase) in enumerate(phases.items()):
        swap.report(f"{name}: {phase.rps:g} rps of {phase.mix} for {seconds:g} s")
        load = settings_from(scene.env, scene.addresses["frontend"], seed=seed + 7919 * number)
        run = Run(Plan(load, Rate(rps=phase.rps, mix=phase.mix, pacing="paced"), seconds))
        await drive(run)
        _end_in_order()  # the run took the signals and gave them back
        if run.interrupted or run.problem:
            raise GtcError(run.problem or "interrupted; nothing is compared")
        found[name] = figures(scene.env, document(run), gpus)
    return found


def _end_in_order() -> None:
    """Ctrl-C and SIGTERM cancel us instead of ending the process, so that all is put back."""
    task = asyncio.current_task()
    if task is None:
        return
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)


def _write(document: JSON, reports: tuple[Path, ...]) -> None:
    for path in reports:
        if path.suffix == ".json":
            text = json.dumps(document, indent=1) + "\n"
        else:
            # of the extra `reports`
            from gtc_cli.compare.page import page

            text = page(document)
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise GtcError(f"cannot write {path}: {error.strerror or error}") from None
