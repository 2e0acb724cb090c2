"""`gtc rehearse`: the whole demo on one machine, no cloud account and, unless asked, no GPU."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import click

import gtc_dashboards
from gtc_cli import options, real_workers, verdicts
from gtc_panel.door.entrance import Entrance
from gtc_panel.server import bind
from gtc_rehearsal.supervisor import Plan, Supervisor
from gtc_runtime import choices, settings
from gtc_runtime.formats import percent
from gtc_runtime.scenario.story import Claim


@click.command()
@options.env
@options.phases
@options.port
@options.state_dir
@options.time_scale
@options.run_flags
@options.as_json
@click.option("--grafana", is_flag=True, help="Show the boards in a Grafana of this machine.")
@real_workers.flags
def rehearse(
    env: str | None,
    phases: str | None,
    port: int | None,
    state_dir: Path | None,
    time_scale: float,
    as_json: bool,
    grafana: bool,
    workers: str,
    gpu_share: int | None,
    weights: Path | None,
    random_weights: bool,
    **run: Any,
) -> int:
    """Play the demo against a cluster on localhost.

    With --auto --once it plays one cycle, judges its story and exits 1 when it fails. With
    --workers vllm its workers are real ones on the NVIDIA GPUs of this machine.
    """
    options.refuse_odd_run(**run)
    real = real_workers.Asked(workers, gpu_share, weights, random_weights)
    real.refuse_odd()
    configured = settings.read(env=env, port=port, state_dir=state_dir)
    environment = choices.environment(configured.env, phases)
    environment.scaled(time_scale)
    bind("127.0.0.1", configured.port).close()
    told = run["report"] or (configured.state_dir / "report.json" if run["once"] else None)
    plan = Plan(
        environment=configured.env,
        choices=choices.variables().chosen,
        phases=phases or "",
        state_dir=configured.state_dir,
        port=configured.port,
        time_scale=time_scale,
        panel_flags=(*_panel_flags(told, run), *real.panel_flags),
        ends_with_panel=run["once"],
        boards=gtc_dashboards.sources(environment.engine.traits) if grafana else None,
        **real.planned(environment, configured.vllm_python),
    )
    ready = _print_json if as_json else partial(_print_addresses, Entrance(configured))
    code = asyncio.run(Supervisor(plan, partial(click.echo, err=as_json), ready).run())
    if told is None or not told.exists():
        return code
    return _judged(told, time_scale, as_json)


def _panel_flags(told: Path | None, run: dict[str, Any]) -> tuple[str, ...]:
    flags = [f"--{name}" for name in ("headless", "auto", "once") if run[name]]
    if told is not None:
        told.unlink(missing_ok=True)
        flags += ["--report", str(told)]
    return tuple(flags)


def _judged(told: Path, time_scale: float, as_json: bool) -> int:
    report = json.loads(told.read_text(encoding="utf-8"))
    if as_json:
        _print_json({key: report[key] for key in ("story", "totals")} | {"report": str(told)})
    else:
        _print_verdicts(report, told, time_scale)
    passed = all(claim["passed"] for claim in report["story"])
    return 0 if passed or time_scale != 1 else 1


def _print_json(notes: dict[str, Any]) -> None:
    click.echo(json.dumps(notes))


def _print_addresses(entrance: Entrance, notes: dict[str, Any]) -> None:
    urls = notes["urls"]
    click.echo(f"panel       {urls['panel']}")
    if others := entrance.for_others(int(urls["panel"].rsplit(":", 1)[1])):
        click.echo(f"network     {others}")
    click.echo(f"kubeconfig  {notes['kubeconfig']}")
    click.echo(f"prometheus  {urls['prometheus']}")
    if "grafana" in urls:
        click.echo(f"grafana     {urls['grafana']}")
    click.echo("Ctrl-C ends it all")


def _print_verdicts(report: dict[str, Any], path: Path, time_scale: float) -> None:
    """The story and the totals of a finished cycle, for a person."""
    verdicts.draw(*(Claim(**each).verdict for each in report["story"]))
    total = report["totals"]
    click.echo(
        f"{total['due']} due, {total['ok']} ok, {total['shed']} shed, {total['failed']} failed;"
        f" report in {path}"
    )
    twin = report.get("twin") or {}
    if twin.get("off") is not None:
        count = len(twin["compared"])
        click.echo(f"twin within {percent(twin['off'], 0)}, the median of {count} figures")
    if time_scale != 1:
        click.echo(f"the story is not judged at time scale {time_scale:g}")
