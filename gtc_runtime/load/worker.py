"""The load process: `python -m gtc_runtime.load.worker`, or a copy of its parent (`forked`).

Reads commands from its input, one JSON object a line, the settings first; writes a snapshot to its
output every 250 ms. End of file on the input ends it at once: whoever started it is gone or wants
it gone.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import uvloop

from gtc_runtime.load.conversations.followup_guard import SpendGuard
from gtc_runtime.load.conversations.followups import CannedFollowUps, FollowUps, HttpFollowUps
from gtc_runtime.load.demand.forms import from_json
from gtc_runtime.load.engine import Engine
from gtc_runtime.load.figures.request_log import RequestLog, path_of
from gtc_runtime.load.settings import LoadSettings
from gtc_runtime.load.wire.transports import transport_for
from gtc_spec import serving
from gtc_spec.errors import GtcError

SNAPSHOT_S = 0.25
"""Four snapshots a second: what the view needs."""
UNREAD_MAX = 2**20
"""With more unread output than this the parent does not read; increments wait in the engine."""
_LINE_MAX = 2**20

log = logging.getLogger(__name__)


def main() -> int:
    """Run until the end of standard input. Returns the exit code."""
    return work(sys.stdin.buffer, sys.stdout.buffer)


def work(commands: IO[bytes], reports: IO[bytes]) -> int:
    """Carry out `commands` until their end and report to `reports`. Returns the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="load: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; it closes our input
    _go_first()
    try:
        uvloop.run(_run(commands, reports))
    except GtcError as error:
        log.error("%s", error.message)  # noqa: TRY400  # a person reads one line, no traceback
        return error.exit_code
    return 0


def _go_first() -> None:
    """Run before what else runs on this core, where we may (root, CAP_SYS_NICE).

    A neighbour with the same priority keeps the core until the next tick of the scheduler: with one
    busy neighbour one request in a hundred left 4 ms late, and 0.3 ms late like this.
    """
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))


async def _run(commands: IO[bytes], reports: IO[bytes]) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=_LINE_MAX)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), commands)
    pipe, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, reports)
    line = await lines.readline()
    if not line.endswith(b"\n"):
        return  # who started this process was gone before all was said
    settings = LoadSettings.model_validate(json.loads(line)["settings"])
    requests = _request_log(settings)
    engine = Engine(
        settings,
        transport_for(settings.url, settings.timeouts, settings.access),
        _followups(settings),
        on_record=requests.add if requests is not None else None,
    )
    engine.start()
    gc.freeze()  # what exists now stays; later collections skip it
    next_line = partial(_line, engine, settings.api_key)
    tasks = [asyncio.create_task(_report(next_line, pipe), name="load-report")]
    if requests is not None:
        tasks.append(asyncio.create_task(requests.keep_writing(), name="load-request-log"))
    try:
        await _read_commands(lines, engine)
    finally:
        await engine.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _report_last(next_line, pipe)


async def _read_commands(lines: asyncio.StreamReader, engine: Engine) -> None:
    """Carry out commands until the input ends."""
    while line := await lines.readline():
        try:
            command: dict[str, Any] = json.loads(line)
            if "set_load" in command:
                engine.set_load(from_json(command["set_load"]), command.get("at_s"))
            elif "cancel" in command:
                engine.cancel()
        except (ValueError, KeyError, TypeError, GtcError) as error:
            log.warning("a command was refused: %s", error)


def _line(engine: Engine, secret: str) -> bytes:
    """The next snapshot; should the server repeat our token, it goes no further."""
    snapshot = engine.snapshot()
    if secret and secret in snapshot.gauges.last_failure:
        masked = snapshot.gauges.last_failure.replace(secret, "***")
        snapshot = replace(snapshot, gauges=replace(snapshot.gauges, last_failure=masked))
    return snapshot.to_line()


async def _report(next_line: Callable[[], bytes], pipe: asyncio.WriteTransport) -> None:
    loop = asyncio.get_running_loop()
    next_s = loop.time()
    while True:
        if pipe.get_write_buffer_size() < UNREAD_MAX:
            pipe.write(next_line())
        next_s = max(next_s + SNAPSHOT_S, loop.time())
        await asyncio.sleep(next_s - loop.time())


async def _report_last(next_line: Callable[[], bytes], pipe: asyncio.WriteTransport) -> None:
    """Send the last increments, so that nothing that was due stays open in the parent's books."""
    with suppress(OSError, RuntimeError):
        pipe.write(next_line())
        for _ in range(20):
            if pipe.is_closing() or not pipe.get_write_buffer_size():
                break
            await asyncio.sleep(0.01)


def _request_log(settings: LoadSettings) -> RequestLog | None:
    if not settings.request_log:
        return None
    path = path_of(Path(settings.request_log), settings.shard)
    return RequestLog(path, settings.api_key)


def _followups(settings: LoadSettings) -> FollowUps:
    if settings.followups_url is None:
        return CannedFollowUps()
    key = os.environ.get(settings.followups_key_env, "") if settings.followups_key_env else ""
    guard = None
    if settings.followups_key_env:
        limits = (serving.FOLLOWUP_REQUESTS_PER_DAY, serving.FOLLOWUP_TOKENS_PER_DAY)
        guard = SpendGuard(settings.followups_ledger, *limits)
    return HttpFollowUps(settings.followups_url, settings.followups_model, key, guard=guard)


if __name__ == "__main__":
    sys.exit(main())
