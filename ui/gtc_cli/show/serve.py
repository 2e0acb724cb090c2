"""`gtc serve` and `gtc guardian`: the two processes that run beside a cluster, in a pod or not."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress
from typing import Any

import click

from gtc_cli import options
from gtc_cli.target import choose
from gtc_runtime import settings
from gtc_spec import names
from gtc_spec.errors import UsageError

LEVELS = ("debug", "info", "warning", "error")


def set_up_logging(level: str) -> None:
    """Log to standard error; libraries speak only when something is wrong.

    Raises:
        UsageError: There is no such level.
    """
    if level not in LEVELS:
        raise UsageError(f"unknown log level '{level}', allowed: {', '.join(LEVELS)}")
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for name in ("httpx", "uvicorn", "nicegui", "watchfiles"):
        logging.getLogger(name).setLevel(logging.WARNING)


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
@options.run_flags
def serve(
    env: str | None,
    phases: str | None,
    port: int | None,
    time_scale: float,
    host: str | None,
    shards: int | None,
    request_log: str | None,
    **run: Any,
) -> None:
    """Drive a cluster: panel, REST, conductor and metrics."""
    from gtc_cli.data.corpus import texts_of
    from gtc_panel.server import Run
    from gtc_panel.server import serve as serve_demo
    from gtc_runtime.load.settings import check_url

    options.refuse_odd_run(**run)
    configured = settings.read(
        env=env, host=host, port=port, load_shards=shards, request_log=request_log
    )
    set_up_logging(configured.log_level)
    environment = options.environment(configured.env, phases).scaled(time_scale)
    if not configured.frontend_url:
        raise UsageError(
            "no frontend address", "set GTC_FRONTEND_URL, or use gtc rehearse on a laptop"
        )
    check_url(configured.frontend_url)
    kubeconfig = choose(env).kubeconfig or ""
    configured = configured.model_copy(update={"kubeconfig": kubeconfig})
    texts = texts_of(environment, configured)
    asyncio.run(
        serve_demo(environment, configured, run=Run(**run), time_scale=time_scale, texts=texts)
    )


@click.command()
@options.env
def guardian(env: str | None) -> None:
    """Resume KEDA when the panel has died while it was paused."""
    set_up_logging(settings.read(env=env).log_level)
    asyncio.run(_guard(choose(env).kubeconfig))


async def _guard(kubeconfig: str | None) -> None:
    from gtc_runtime.cluster.api.kube import Kube
    from gtc_runtime.scenario.guardian import guard

    stop = asyncio.current_task()
    if stop is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.cancel)
    with suppress(asyncio.CancelledError):
        async with await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig) as kube:
            await guard(kube)


COMMANDS = (serve, guardian)
