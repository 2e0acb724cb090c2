"""`gtc rehearse`: the whole demo on a laptop, no cloud account and no GPU."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click

from gtc_cli import options
from gtc_runtime import settings
from gtc_spec.errors import UsageError


@click.command()
@options.env
@options.phases
@options.port
@options.state_dir
@options.time_scale
@click.option("--headless", is_flag=True, help="No pages; REST, sockets and metrics only.")
@click.option("--auto", is_flag=True, help="Begin auto mode when the workers are ready.")
@click.option("--once", is_flag=True, help="With --auto: end after one cycle.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="With --once: write the report of the cycle here.",
)
def rehearse(
    env: str | None,
    phases: str | None,
    port: int | None,
    state_dir: Path | None,
    time_scale: float,
    headless: bool,
    auto: bool,
    once: bool,
    report: Path | None,
) -> int:
    """Play the demo against a cluster on localhost.

    With --auto --once it plays one cycle, judges its story and exits 1 when it fails.
    """
    _refuse_odd_flags(auto, once, report)
    from gtc_panel.server import bind
    from gtc_runtime.rehearsal.supervisor import Plan, Supervisor

    configured = settings.read(env=env, port=port, state_dir=state_dir)
    options.environment(configured.env, phases).scaled(time_scale)
    bind("127.0.0.1", configured.port).close()
    flags = [*(["--headless"] if headless else []), *(["--auto"] if auto else [])]
    flags += ["--once"] if once else []
    told = report or (configured.state_dir / "report.json" if once else None)
    if told is not None:
        told.unlink(missing_ok=True)
        flags += ["--report", str(told)]
    plan = Plan(
        environment=configured.env,
        phases=phases or "",
        state_dir=configured.state_dir,
        port=configured.port,
        time_scale=time_scale,
        panel_flags=tuple(flags),
        ends_with_panel=once,
    )
    code = asyncio.run(Supervisor(plan, click.echo).run())
    if told is None or not told.exists():
        return code
    return _judged(told, time_scale)


def _refuse_odd_flags(auto: bool, once: bool, report: Path | None) -> None:
    if once and not auto:
        raise UsageError("--once needs --auto", "gtc rehearse --headless --auto --once")
    if report is not None and not once:
        raise UsageError("--report needs --once: only a run that ends has a report")
    if report is not None and not report.parent.is_dir():
        raise UsageError(f"cannot write {report}: there is no directory {report.parent}")


def _judged(path: Path, time_scale: float) -> int:
    """Print the verdicts of a report; exit 1 when the story failed at full length."""
    from rich.console import Console

    report = json.loads(path.read_text(encoding="utf-8"))
    console = Console()
    for verdict in report["story"]:
        mark = "[green]ok  [/]" if verdict["passed"] else "[red]FAIL[/]"
        found = "no data" if verdict["value"] is None else f"{verdict['value']:.2f}"
        console.print(f"{mark} {verdict['phase']}: {verdict['claim']} – {found}")
    total = report["totals"]
    console.print(
        f"{total['due']} due, {total['ok']} ok, {total['shed']} shed, {total['failed']} failed;"
        f" report in {path}"
    )
    if time_scale != 1:
        console.print(f"the story is not judged at time scale {time_scale:g}")
        return 0
    return 0 if all(verdict["passed"] for verdict in report["story"]) else 1


COMMANDS = (rehearse,)
