"""A real `gtc serve` that is told to end, twice, in the middle of its show."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from gtc_runtime.recording.folder import recordings
from tests.app.conftest import World


@pytest.mark.slow
async def test_a_process_that_is_told_to_end_twice_leaves_in_order(
    world: World, tmp_path: Path
) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GTC_")}
    state_dir = tmp_path / "state"
    environ = {
        **clean,
        "KUBECONFIG": str(world.kubeconfig),
        "GTC_FRONTEND_URL": world.frontend.url,
        "GTC_STATE_DIR": str(state_dir),
        "GTC_METRICS_PORT": "0",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    arguments = ("serve", "--env", "prod", "--headless", "--auto", "--port", "0")
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gtc_cli", *arguments, "--time-scale", "0.1"),
            env=environ,
            stdout=output,
            stderr=output,
        )
    try:
        await world.until(lambda: world.paused() and world.frontend.open > 0, within_s=60)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGINT)
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
    (recording,) = recordings(state_dir)
    assert json.loads(gzip.decompress(recording.read_bytes()).splitlines()[-1])["end"] == "in order"
    assert "Traceback" not in log.read_text()
