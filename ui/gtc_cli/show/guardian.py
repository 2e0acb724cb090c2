"""`gtc guardian`: a process of its own, because it must outlive the panel that it watches."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import click

from gtc_cli import options
from gtc_cli.show.log_setup import set_up_logging
from gtc_cli.target.target import choose
from gtc_runtime import settings
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.scenario.unattended.guardian import guard
from gtc_spec import names


@click.command()
@options.env
def guardian(env: str | None) -> None:
    """Resume KEDA when the panel has died while it was paused."""
    set_up_logging(settings.read(env=env).log_level)
    asyncio.run(_guard(choose(env).kubeconfig))


async def _guard(kubeconfig: str | None) -> None:
    stop = asyncio.current_task()
    if stop is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.cancel)
    with suppress(asyncio.CancelledError):
        async with await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig) as kube:
            await guard(kube)
