"""The flags of `gtc load run`, in groups as questions come up, so that its help can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from gtc_cli import options
from gtc_spec.workloads import COUNT, NAMED

PLACE: Final = click.Path(path_type=Path, dir_okay=False)
FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True, readable=True)
SECONDS: Final = click.FloatRange(0, min_open=True)
SHARDS_MAX: Final = 64


class Flag(click.Option):
    """An option that knows under which heading it is helped with."""

    def __init__(self, *args: Any, heading: str = "Other", **more: Any) -> None:
        super().__init__(*args, **more)
        self.heading = heading


class Grouped(click.Command):
    """A command whose help has its flags under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every group of flags."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for flag in self.get_params(ctx):
            record = flag.get_help_record(ctx)
            if record is not None:
                groups.setdefault(getattr(flag, "heading", "Other"), []).append(record)
        for heading, records in groups.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def _group(heading: str, *flags: tuple[tuple[str, ...], dict[str, Any]]) -> list[options.Decorator]:
    return [click.option(*names, cls=Flag, heading=heading, **more) for names, more in flags]


def _flag(*names: str, **more: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    return names, more


_SERVER = _group(
    "Which server",
    _flag("--url", required=True, metavar="URL", help="Its address, http://host:port."),
    _flag("--model", required=True, metavar="NAME", help="Served name."),
    _flag("--endpoint", type=click.Choice(("chat", "completions")), default="chat",
          help="Chat completions, or completions of a plain text. [default chat]"),
    _flag("--api-key-env", metavar="NAME", default="", help="Variable with the bearer token."),
    _flag("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="On every request."),
    _flag("--extra-body", metavar="JSON", default=None,
          help="More fields of every request, as an object."),
    _flag("--ca", type=FILE, default=None, metavar="FILE", help="Certificates to trust as well."),
    _flag("--insecure", is_flag=True, help="Trust any certificate."),
    _flag("--first-token-timeout", "first_token_s", type=SECONDS, default=None, metavar="S",
          help="Longest wait for the first token, seconds. [default 120]"),
    _flag("--server-metrics", metavar="URL", default=None,
          help="Its /metrics, to put queue, KV use and prefix hits beside the figures."),
)  # fmt: skip
_LOAD = _group(
    "How much load (one of the first five)",
    _flag("--rps", metavar="R", type=float, default=None,
          help="Requests per second, whatever the answers do."),
    _flag("--concurrency", type=click.IntRange(1), default=None, metavar="N",
          help="N requests open at any time."),
    _flag("--trace", type=FILE, default=None, metavar="FILE",
          help="Replay a trace in Mooncake's form, its prompts included."),
    _flag("--sweep", default=None, metavar="LIST",
          help="One run after the other: rates 1,2,4,8, or concurrency:1,2,4,8."),
    _flag("--find-knee", is_flag=False, flag_value="rps", default=None, metavar="[concurrency]",
          help="The highest rate, or concurrency, that still meets --slo."),
    _flag("--duration", "duration_s", type=SECONDS, default=None, metavar="S",
          help="Seconds of load; open answers are waited for afterwards. [default 60]"),
    _flag("--requests", type=click.IntRange(1), default=None, metavar="N",
          help="Send N requests instead of a duration."),
    _flag("--warmup", "warmup_s", type=click.FloatRange(0), default=0.0, metavar="S",
          help="Seconds of load before the measuring begins. [default 0]"),
    _flag("--ramp", "ramp_s", type=click.FloatRange(0), default=0.0, metavar="S",
          help="Grow to the full load in so many seconds, before the warm-up. [default 0]"),
    _flag("--pacing", type=click.Choice(("poisson", "paced", "constant")), default="poisson",
          help="Gaps at random, even with 30 % jitter, or exactly even. [default poisson]"),
    _flag("--trace-speed", "speed", metavar="X", type=SECONDS, default=1.0,
          help="Play a trace so many times as fast. [default 1]"),
    _flag("--shards", type=click.IntRange(1, SHARDS_MAX), metavar="N", default=1,
          help="Load processes. [default 1]"),
)  # fmt: skip
_CONTENT = _group(
    f"What is asked (default: the {COUNT} workloads of the demo)",
    _flag("--mix", metavar="A/B/C", default=None,
          help=f"Shares of {NAMED}, like 40/30/30."),
    _flag("--env", metavar="NAME", default=None,
          help="Whose lengths the workloads have: dev or prod. [GTC_ENV, default prod]"),
    _flag("--isl", metavar="MEAN[,STDDEV]", default=None,
          help="Prompts of this length in tokens instead; needs --osl."),
    _flag("--osl", metavar="MEAN[,STDDEV]", default=None, help="Answers of this length."),
    _flag("--prompts", type=FILE, default=None, metavar="FILE",
          help="Prompts or conversations of a file instead: JSON lines, or ShareGPT."),
    _flag("--seed", metavar="N", type=int, default=1,
          help="Of arrivals, lengths and texts. [default 1]"),
    _flag("--prompt-tokens-max", type=click.IntRange(1), default=None, metavar="N",
          help="Cap on prompts."),
    _flag("--max-tokens", type=click.IntRange(1), default=None, metavar="N",
          help="Cap on answers."),
)  # fmt: skip
_JUDGED = _group(
    "How it is judged",
    _flag("--slo", metavar="GOALS", default=None,
          help="Of a request: ttft=2,itl=0.05 (seconds). Of a run, for --find-knee:"
          " ttft_p95=2,itl_p95=0.03,goodput=0.95."),
    _flag("--fail-if", multiple=True, metavar="CONDITION",
          help="Exit with 4 if the run is like this: 'ttft_p95>2', 'goodput<0.95', light=red."),
)  # fmt: skip
_OUTPUT = _group(
    "What comes out",
    _flag("--report", "reports", type=PLACE, multiple=True, metavar="FILE",
          help="In .json, .csv or .html; may be repeated."),
    _flag("--export", "exports", multiple=True, metavar="aiperf:PATH", help="In AIPerf's form."),
    _flag("--request-log", type=PLACE, default=None, metavar="FILE",
          help="Every finished request, one a line."),
    _flag("--json", "as_json", is_flag=True, help="Print JSON."),
    _flag("--no-live", is_flag=True, help="Plain lines instead of a table in place."),
)  # fmt: skip


def all_of_them(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command every flag."""
    for flag in reversed((*_SERVER, *_LOAD, *_CONTENT, *_JUDGED, *_OUTPUT)):
        command = flag(command)
    return command
