"""A real `gtc serve` that is told to end, twice, in the middle of its show."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from gtc_runtime.recording.folder import recordings
from tests.app.conftest import World

Serving = tuple[asyncio.subprocess.Process, Path]


async def serving(world: World, folder: Path, *more: str) -> Serving:
    """A process that serves a show in a tenth of its time, and the file of what it says."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GTC_")}
    environ = {
        **clean,
        "KUBECONFIG": str(world.kubeconfig),
        "GTC_FRONTEND_URL": world.frontend.url,
        "GTC_STATE_DIR": str(folder / "state"),
        "GTC_METRICS_PORT": "0",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    log = folder / "log"
    arguments = ("serve", "--env", "prod", "--headless", "--time-scale", "0.1", *more)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gtc_cli", *arguments),
            env=environ,
            stdout=output,
            stderr=output,
        )
    return process, log


@pytest.mark.slow
async def test_a_process_that_is_told_to_end_twice_leaves_in_order(
    world: World, tmp_path: Path
) -> None:
    process, log = await serving(world, tmp_path, "--auto", "--port", "0")
    try:
        await world.until(lambda: world.paused() and world.frontend.open > 0, within_s=60)
        assert world.keda_task
        world.keda_task.cancel()  # its HPAs do not come back, so the ending waits for them
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        await world.until(lambda: not world.paused())
        process.send_signal(signal.SIGINT)  # in the middle: nothing has ended that wait yet
        world.start_keda()
        code = await asyncio.wait_for(process.wait(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert code == 0, log.read_text()
    assert time.monotonic() - began < 20
    assert not world.paused()
    assert world.lease()["holderIdentity"] == ""
    assert world.stored()["mode"] == "manual"
    await world.until(lambda: world.frontend.open == 0, within_s=2)
    (recording,) = recordings(tmp_path / "state")
    assert json.loads(gzip.decompress(recording.read_bytes()).splitlines()[-1])["end"] == "in order"
    assert "Traceback" not in log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["scenario/auto", "reset"])
async def test_a_command_that_waits_for_a_dead_keda_does_not_hold_up_the_end(
    world: World, tmp_path: Path, command: str
) -> None:
    port = free_port()
    process, log = await serving(world, tmp_path, "--port", str(port))
    try:
        await world.until(lambda: bool(world.lease().get("holderIdentity")), within_s=60)
        assert world.keda_task
        world.keda_task.cancel()  # its HPAs stay, so a pause is never seen to take effect
        async with aiohttp.ClientSession() as session:
            asked = asyncio.ensure_future(session.post(f"http://127.0.0.1:{port}/api/{command}"))
            await world.until(world.paused, within_s=30)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code = await asyncio.wait_for(process.wait(), 25)
            took_s = time.monotonic() - began
            await asyncio.gather(asked, return_exceptions=True)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert code == 0, log.read_text()
    assert took_s < 20
    assert not world.paused()
    assert world.lease()["holderIdentity"] == ""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
