"""A single run, from its plan to its report and the log of its requests."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gtc_cli.load.probe.wording import worded
from gtc_cli.load.reports.finish import steadily
from gtc_cli.load.reports.outputs import reason
from gtc_cli.load.reports.report import document
from gtc_cli.load.run import Plan, Run
from gtc_cli.load.screen import Screen
from gtc_cli.load.serverside.poller import MetricsPoller
from gtc_cli.load.session import Session, forked
from gtc_runtime.load.figures import request_log
from gtc_spec.errors import GtcError

JSON = dict[str, Any]


def carry_out(
    plan: Plan, screen: Screen, *, log_requests: bool, server_metrics: str | None
) -> tuple[Run, JSON, list[JSON]]:
    """Measure, and show it meanwhile.

    Args:
        plan: What is run.
        screen: Shows it.
        log_requests: Whether finished requests are wanted.
        server_metrics: Where the server's own metrics are; None polls none.

    Returns:
        The run that is over, its report, and its finished requests if they are wanted.

    Raises:
        GtcError: The server cannot be measured, or there is no place for the log.
    """
    with _temporary() as folder:
        if log_requests:
            settings = plan.settings.model_copy(update={"request_log": folder})
            plan = replace(plan, settings=settings)
        run = Run(plan)
        poller = MetricsPoller(server_metrics, plan.settings.access) if server_metrics else None

        async def drive() -> None:
            async with (
                nullcontext() if poller is None else poller.polling(),
                Session(plan.settings, forked(plan.settings), worded) as session,
            ):
                await session.measure(run, steadily(screen.draw))

        with screen:
            asyncio.run(drive())
        report = document(run) | ({} if poller is None else {"server": poller.report()})
        return run, report, _logged(plan, Path(folder), run)


@contextmanager
def _temporary() -> Iterator[str]:
    try:
        place = tempfile.TemporaryDirectory(prefix="gtc-load-", ignore_cleanup_errors=True)
    except OSError as error:
        raise GtcError(
            f"no place for temporary files: {reason(error)}", "TMPDIR names another one"
        ) from None
    with place as folder:
        yield folder


def _logged(plan: Plan, folder: Path, run: Run) -> list[JSON]:
    """The measured requests of all shards, in the order in which they were due."""
    shards = range(plan.settings.shards if plan.settings.request_log else 0)
    found: list[JSON] = []
    for shard in shards:
        with suppress(OSError):  # the report says how many are missing
            found += request_log.read(request_log.path_of(folder, shard))
    begin_s = run.measured_from_s or 0.0
    measured = (each for each in found if float(each["due_s"]) >= begin_s)
    return sorted(measured, key=lambda each: float(each["due_s"]))
