"""`gtc serve`: the process that drives a cluster, in its panel's pod or beside it."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import click

from gtc_cli import options
from gtc_cli.show.log_setup import set_up_logging
from gtc_cli.steps.corpus import texts_of
from gtc_cli.target.target import choose
from gtc_panel.server import Run
from gtc_panel.server import serve as serve_demo
from gtc_runtime import choices, settings
from gtc_runtime.load.settings import check_url
from gtc_spec.errors import UsageError


@click.command()
@options.env
@options.phases
@options.port
@options.time_scale
@click.option("--host", default=None, help="Address to listen on. [GTC_HOST, default 127.0.0.1]")
@click.option(
    "--shards", type=int, default=None, help="Load processes. [GTC_LOAD_SHARDS, default 1]"
)
@click.option(
    "--request-log", metavar="DIR", default=None,
    help="Log finished requests there. [GTC_REQUEST_LOG, default none]",
)  # fmt: skip
@click.option(
    "--real-starts", is_flag=True, help="Leave worker starts out of --time-scale: they are real."
)
@options.run_flags
def serve(
    env: str | None,
    phases: str | None,
    port: int | None,
    time_scale: float,
    host: str | None,
    shards: int | None,
    request_log: str | None,
    real_starts: bool,
    **run: Any,
) -> None:
    """Drive a cluster: panel, REST, conductor and metrics."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _nothing_to_leave)
    options.refuse_odd_run(**run)
    configured = settings.read(
        env=env, host=host, port=port, load_shards=shards, request_log=request_log
    )
    set_up_logging(configured.log_level)
    environment = choices.environment(configured.env, phases)
    environment = environment.scaled(time_scale, starts=not real_starts)
    if not configured.frontend_url:
        raise UsageError(
            "no frontend address", "set GTC_FRONTEND_URL, or use gtc rehearse on a laptop"
        )
    check_url(configured.frontend_url)
    kubeconfig = choose(env).kubeconfig or ""
    configured = configured.model_copy(update={"kubeconfig": kubeconfig})
    texts = texts_of(environment, configured)
    try:
        asyncio.run(
            serve_demo(
                environment, configured, run=Run(**run), time_scale=time_scale, texts=texts,
                real_workers=real_starts,
            )
        )  # fmt: skip
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # asked twice, and done already


def _nothing_to_leave(_number: int, _frame: object) -> None:
    """Asked to end before anything was begun."""
    raise SystemExit(0)
