"""`gtc calibrate`: a profile from a self-benchmark, from a live run, or the steps of a card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.table import Table

from gtc_cli import options
from gtc_runtime import choices, settings
from gtc_runtime.calibration import document, gpu
from gtc_runtime.calibration.from_benchmark import profile_of
from gtc_runtime.calibration.live_run import LiveRun
from gtc_runtime.calibration.refit import Refit, refit
from gtc_runtime.calibration.shapes import SHAPES
from gtc_runtime.planning.hardware import Hardware
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.pools import PDRatio
from gtc_spec.profiles.profile import Profile

FILE = click.Path(path_type=Path)
LENGTHS = (512, 2_048, 10_240, 20_480)
BATCHES = ((1, 1_024), (64, 1_024), (128, 1_024))
MODELS = tuple(name for name in SHAPES if SHAPES[name].profile)


class Row(NamedTuple):
    """One figure: what, as measured, as the profile says, in which unit."""

    what: str
    measured: float | None
    profile: float | None
    unit: str

    @property
    def difference(self) -> float | None:
        """Measured over profile, less one."""
        return self.measured / self.profile - 1 if self.measured and self.profile else None


class Link(NamedTuple):
    """A rate of KV transfers that nobody measured, and whose it is."""

    gb_s: float
    whose: str

    def __str__(self) -> str:
        """For people."""
        return (
            f"the requests do not tell the KV link: {self.gb_s:g} GB/s was assumed, {self.whose};"
            " prefill is what is left (--link GB/s)"
        )


@click.command()
@click.option(
    "--from-benchmark",
    "benchmark",
    type=FILE,
    metavar="FILE",
    help="Self-benchmark of a dynamo.vllm worker (--benchmark-mode): its prefills.",
)
@click.option(
    "--from-report",
    "reports",
    type=FILE,
    metavar="FILE",
    multiple=True,
    help="Request log of a run (a file or a folder), or report of a show (starts of"
    " workers); may be repeated.",
)
@click.option(
    "--gpu",
    "on_gpu",
    is_flag=True,
    help="Time the steps of the models' shapes on this machine's GPU, by torch.",
)
@click.option(
    "--profile",
    "name",
    metavar="NAME",
    default=None,
    help="Profile to begin with: a packaged one, or a file in .json. [default: the environment's]",
)
@click.option(
    "--workers",
    metavar="xP:yD",
    default="1P:1D",
    show_default=True,
    help="With --from-report: workers that served the requests, all of the time.",
)
@click.option(
    "--link",
    "link_gb_s",
    type=click.FloatRange(0, min_open=True),
    default=None,
    metavar="GB/s",
    help="With --from-report: rate of the KV transfers, where the requests do not tell it."
    " [default: the profile's, else the environment's]",
)
@click.option(
    "--kv-fraction",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="With --from-benchmark: --gpu-memory-utilization of the worker.",
)
@click.option(
    "--model",
    "models",
    type=click.Choice(MODELS),
    multiple=True,
    help="With --gpu: which shapes. [default: all]",
)
@click.option(
    "--output",
    type=FILE,
    default=None,
    metavar="FILE",
    help="Where the profile goes, or the steps of --gpu; every gtc plan takes --profile FILE.",
)
@options.env
@options.as_json
def calibrate(
    benchmark: Path | None,
    reports: tuple[Path, ...],
    on_gpu: bool,
    name: str | None,
    workers: str,
    link_gb_s: float | None,
    kv_fraction: float,
    models: tuple[str, ...],
    output: Path | None,
    env: str | None,
    as_json: bool,
) -> int:
    """Measure what the profiles say: by a worker, by a run, or by the kernels of a card."""
    _refuse_all_but_one(benchmark is not None, bool(reports), on_gpu)
    _refuse_a_place_for(output)
    if on_gpu:
        return _steps(models or MODELS, output, as_json)
    environment = choices.environment(settings.read(env=env).env)
    name = name or environment.model.profile
    base = Profile.load(name)
    if benchmark is not None:
        made = profile_of(benchmark, base, name, kv_fraction)
        rows, assumed = _prefills(made, base), None
    else:
        run, link = LiveRun.read(reports), _link(link_gb_s, base, environment)
        found = refit(environment, base, run, PDRatio.parse(workers), link.gb_s)
        made = found.applied(base, name, _told(run, found, workers))
        rows = _refitted(found, base, environment)
        assumed = link if found.lone and found.link_gb_s is None else None
    _tell(rows, name, made, output, as_json, assumed)
    return 0


def _link(given: float | None, base: Profile, environment: Environment) -> Link:
    """What the KV link is taken to be where the requests do not tell it."""
    if given is not None:
        return Link(given, "given with --link")
    if base.live is not None and base.live.link_gb_s is not None:
        return Link(base.live.link_gb_s, "as the profile's last run showed it")
    if base.kv_transfer is not None:
        return Link(base.kv_transfer.fresh_gb_s, "where the profile was measured")
    return Link(environment.rehearsal.kv_link_gb_s, f"of environment {environment.name}")


def _prefills(made: Profile, base: Profile) -> list[Row]:
    assert made.measured is not None  # noqa: S101 - it was made of measured points
    return [
        Row(f"prefill {new} after {cached}", ms, base.prefill_ms(new, cached), "ms")
        for new, cached, ms, *_ in made.measured.prefill
    ]


def _refitted(found: Refit, base: Profile, environment: Environment) -> list[Row]:
    twin = Hardware.of(environment, base)
    rows = [
        Row("start of a worker", found.start_s, twin.worker_start_s, "s"),
        Row("host before the prefill", found.request_ms, 1000 * twin.host_s, "ms"),
        Row("KV link", found.link_gb_s, twin.link_gb_s, "GB/s"),
    ]
    for new in LENGTHS:
        told = base.prefill_ms(new)
        rows.append(Row(f"prefill {new}", found.prefill and found.prefill * told, told, "ms"))
    for batch, context in BATCHES:
        told = base.decode_step_ms(batch, batch * context)
        seen = found.decode and found.decode * told
        rows.append(Row(f"decode step {batch} @ {context}", seen, told, "ms"))
    return rows


def _told(run: LiveRun, found: Refit, workers: str) -> str:
    parts = [f"{found.lone} first tokens, {found.streams} answers" if found.lone else ""]
    parts.append(f"{found.starts} starts" if found.starts else "")
    files = ", ".join(path.name for path in run.files)
    seen = ", ".join(part for part in parts if part)
    return f"{seen} of {workers} in {files}, {datetime.now(UTC):%Y-%m-%d}"


def _tell(
    rows: Sequence[Row],
    name: str,
    made: Profile,
    output: Path | None,
    as_json: bool,
    assumed: Link | None,
) -> None:
    if output is not None:
        _write(output, document.of(made))
    if as_json:
        told = [row._asdict() | {"difference": row.difference} for row in rows]
        place = None if output is None else str(output)
        link = None if assumed is None else assumed._asdict()
        click.echo(
            json.dumps({"base": name, "figures": told, "assumed_link": link, "written": place})
        )
        return
    table = Table(title=f"beside {name}")
    for head in ("", "measured", "profile", "difference"):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    for row in rows:
        off = "–" if row.difference is None else f"{row.difference:+.1%}"
        figures = (_figure(each, row.unit) for each in row[1:3])
        table.add_row(row.what, *figures, off)
    console = Console()
    console.print(table)
    if assumed is not None:
        console.print(str(assumed), soft_wrap=True, highlight=False)
    if output is None:
        console.print("nothing was written: --output FILE keeps the profile", soft_wrap=True)
    else:
        console.print(f"{output}: gtc plan … --profile {output}", soft_wrap=True, highlight=False)


def _steps(models: Sequence[str], output: Path | None, as_json: bool) -> int:
    def keep(found: dict[str, Any]) -> None:
        if output is not None:
            _write(output, json.dumps(found, indent=1) + "\n")

    try:
        found = gpu.measure(models, "cuda", (lambda _: None) if as_json else click.echo, keep)
    except (AssertionError, RuntimeError) as error:
        raise GtcError(f"no step was timed: {str(error).splitlines()[0]}") from None
    if as_json:
        click.echo(json.dumps(found))
    return 0


def _figure(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:,.2f} {unit}"


def _refuse_all_but_one(*asked: bool) -> None:
    if sum(asked) != 1:
        raise UsageError(
            "what to calibrate by is missing, or more than one, allowed: one of --from-benchmark,"
            " --from-report and --gpu"
        )


def _refuse_a_place_for(output: Path | None) -> None:
    if output is not None and output.suffix != ".json":
        raise UsageError(f"--output {output}, allowed: a file that ends with .json")
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"cannot write {output}: there is no directory {output.parent}")


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from None
