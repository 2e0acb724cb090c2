"""`gtc load run`: flags in, one run, exit code out."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gtc_cli import options
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.phases import WorkloadMix

if TYPE_CHECKING:
    from gtc_cli.load.judge.conditions import Condition
    from gtc_cli.load.run import Plan, Run

RPS_MAX = 10_000.0
SHARDS_MAX = 64
STREAMS_PER_SHARD = 1_000
"""Open streams that one process follows faithfully at 20 ms a token, see docs/load.md."""
FAILED = 4
"""A run that meets a condition of --fail-if."""
INTERRUPTED = 130
PLACE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def load() -> None:
    """Measure any OpenAI-compatible server with the load of the demo."""


@load.command()
@options.env
@options.as_json
@click.option("--url", required=True, metavar="URL", help="Server, http://host:port.")
@click.option("--model", required=True, metavar="NAME", help="Served name.")
@click.option("--rps", type=float, required=True, help="Requests per second.")
@click.option(
    "--mix", metavar="A/B/C", default=None, help="Shares of the workloads, like 40/30/30."
)
@click.option(
    "--duration", "duration_s", type=click.FloatRange(0, min_open=True), default=60.0,
    help="Seconds of load; open answers are waited for afterwards. [default 60]",
)  # fmt: skip
@click.option(
    "--pacing", type=click.Choice(("poisson", "paced", "constant")), default="poisson",
    help="At random, evenly with 30 % jitter, or exactly evenly. [default poisson]",
)  # fmt: skip
@click.option("--slo", metavar="GOALS", default=None, help="ttft=2,itl=0.05, in seconds.")
@click.option(
    "--shards", type=click.IntRange(1, SHARDS_MAX), default=1, help="Load processes. [default 1]"
)
@click.option("--seed", type=int, default=1, help="Of arrivals, lengths and texts. [default 1]")
@click.option("--prompt-tokens-max", type=click.IntRange(1), default=None, help="Cap on prompts.")
@click.option("--max-tokens", type=click.IntRange(1), default=None, help="Cap on answers.")
@click.option(
    "--api-key-env", metavar="NAME", default="", help="Variable that holds the bearer token."
)
@click.option(
    "--report", "reports", type=PLACE, multiple=True, help="File in .json, .csv or .html."
)
@click.option("--export", "exports", multiple=True, metavar="aiperf:PATH", help="AIPerf's form.")
@click.option("--requests", type=PLACE, default=None, help="Every finished request, one a line.")
@click.option(
    "--fail-if", multiple=True, metavar="CONDITION",
    help="Exit with 4 if the run is like this: 'ttft_p95>2', 'goodput<0.95', light=red.",
)  # fmt: skip
@click.option(
    "--first-token-timeout", "first_token_s", type=click.FloatRange(0, min_open=True),
    default=None, help="Longest wait for the first token, seconds. [default 120]",
)  # fmt: skip
@click.option("--no-live", is_flag=True, help="Plain lines instead of a table in place.")
def run(
    reports: tuple[Path, ...], exports: tuple[str, ...], requests: Path | None,
    no_live: bool, as_json: bool, fail_if: tuple[str, ...], **flags: Any,
) -> int:  # fmt: skip
    """Send the three workloads at a rate and measure what comes back.

    The mix is chat/summarization/reasoning; texts and lengths are those of the environment.
    """
    from gtc_cli.load.judge import conditions as judged
    from gtc_cli.load.reports import ending
    from gtc_cli.load.reports import outputs as places

    conditions = [judged.parse(each) for each in fail_if]
    plan = _plan(**flags)
    outputs = places.parse(reports, exports, requests)
    screen = _screen(no_live, as_json)
    finished, document, logged = _carry_out(plan, outputs.needs_requests, screen)
    told = ending.tell(document, logged, outputs, as_json=as_json)
    refused = _refused(conditions, document)
    if finished.problem:
        raise GtcError(finished.problem)
    return INTERRUPTED if finished.interrupted else refused or (0 if told else 1)


def _plan(
    *, env: str | None, url: str, model: str, rps: float, mix: str | None, duration_s: float,
    pacing: Any, slo: str | None, shards: int, seed: int, prompt_tokens_max: int | None,
    max_tokens: int | None, api_key_env: str, first_token_s: float | None,
) -> Plan:  # fmt: skip
    """The run that the flags ask for.

    Raises:
        UsageError: A flag holds something that is not allowed.
    """
    from gtc_cli.load import goals, target
    from gtc_cli.load.run import Plan
    from gtc_runtime.load.settings import RequestGoals, Timeouts, settings_from

    if not 0 < rps <= RPS_MAX:
        raise UsageError(f"rate {rps:g} rps is out of range, allowed: above 0, up to {RPS_MAX:g}")
    if not math.isfinite(duration_s):
        raise UsageError(f"duration {duration_s:g} s is not allowed: it must end")
    target.check(url)
    environment = options.environment(env, None)
    shares = environment.table.phases[0].mix if mix is None else WorkloadMix.parse(mix)
    settings = settings_from(environment, url, seed=seed)
    limits = settings.limits.model_copy(
        update={"rps_max": RPS_MAX, "in_flight_max": STREAMS_PER_SHARD * shards}
        | ({} if prompt_tokens_max is None else {"prompt_tokens_max": prompt_tokens_max})
        | ({} if max_tokens is None else {"max_tokens_max": max_tokens})
    )
    default = settings.slo or RequestGoals(
        ttft_s=environment.slo.ttft_p95_s, itl_s=environment.slo.itl_p95_s
    )
    settings = settings.model_copy(
        update={
            "model": model, "limits": limits, "shards": shards,
            "slo": default if slo is None else goals.parse(slo, default),
            "api_key_env": _named_key(api_key_env),
            "timeouts": Timeouts().patient(first_token_s),
        }
    )  # fmt: skip
    return Plan(settings, rps, shares, pacing, duration_s)


def _named_key(name: str) -> str:
    """The name of a variable that holds a usable key.

    Raises:
        UsageError: It holds none; what it holds is not repeated.
    """
    key = os.environ.get(name, "") if name else ""
    if name and (not key or not key.isascii() or not key.isprintable() or " " in key):
        raise UsageError(f"the variable {name} holds no key", f"export {name}=…")
    return name


def _screen(no_live: bool, as_json: bool) -> Any:
    import sys

    from gtc_cli.load import screen

    live = sys.stdout.isatty() and not no_live and not as_json
    return screen.Table() if live else screen.Lines(err=as_json)


def _carry_out(
    plan: Plan, log_requests: bool, screen: Any
) -> tuple[Run, dict[str, Any], list[dict[str, Any]]]:
    """The run that is over, its report, and its finished requests if they are wanted."""
    import asyncio
    import tempfile
    from dataclasses import replace

    from gtc_cli.load.reports.ending import steadily
    from gtc_cli.load.reports.outputs import reason
    from gtc_cli.load.reports.report import document
    from gtc_cli.load.run import Run, drive
    from gtc_runtime.load.forked import ForkedWorker, may_fork

    try:
        place = tempfile.TemporaryDirectory(prefix="gtc-load-", ignore_cleanup_errors=True)
    except OSError as error:
        raise GtcError(
            f"no place for temporary files: {reason(error)}", "TMPDIR names another one"
        ) from None
    with place as folder:
        if log_requests:
            settings = plan.settings.model_copy(update={"request_log": folder})
            plan = replace(plan, settings=settings)
        run = Run(plan)
        forked = [ForkedWorker() for _ in range(plan.settings.shards if may_fork() else 0)]
        with screen:
            asyncio.run(drive(run, steadily(screen.draw), forked))
        return run, document(run), _logged(plan, Path(folder))


def _logged(plan: Plan, folder: Path) -> list[dict[str, Any]]:
    """The finished requests of all shards, in the order in which they were due."""
    from gtc_runtime.load import request_log

    shards = range(plan.settings.shards if plan.settings.request_log else 0)
    found: list[dict[str, Any]] = []
    for shard in shards:
        with suppress(OSError):  # the report says how many are missing
            found += request_log.read(request_log.path_of(folder, shard))
    return sorted(found, key=lambda each: float(each["due_s"]))


def _refused(conditions: list[Condition], document: dict[str, Any]) -> int:
    """Say which conditions the run meets that it must not; the exit code for that, 0 for none."""
    met = [(each, why) for each in conditions if (why := each.judge(document))]
    for condition, why in met:
        click.echo(f"failed: {condition}: {why}", err=True)
    return FAILED if met else 0
