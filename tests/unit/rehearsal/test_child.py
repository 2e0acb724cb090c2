"""Child processes end with their parent, whatever happens to it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gtc_rehearsal.child import Child
from gtc_spec.errors import GtcError

ENV = {"PATH": os.environ["PATH"]}
STUBBORN = "trap '' TERM; echo stubborn; sleep 60 & wait; wait"


async def start(tmp_path: Path, *command: str, piped: bool = False) -> Child:
    return await Child.start(
        "child", command, env=ENV, cwd=tmp_path, log=tmp_path / "log", piped=piped
    )


async def test_sigterm_ends_a_child_that_listens(tmp_path: Path) -> None:
    child = await start(tmp_path, "sleep", "60")
    await child.stop()

    assert not child.alive
    assert child.exit_code == -signal.SIGTERM


async def test_a_child_that_ignores_sigterm_is_killed_with_its_own_children(
    tmp_path: Path,
) -> None:
    child = await start(tmp_path, "sh", "-c", STUBBORN)
    await _until(lambda: "stubborn" in child.log_tail())
    group = child.pid
    await child.stop(kill_after_s=0.2)

    assert child.exit_code == -signal.SIGKILL
    await _until(lambda: not _group_exists(group))


ENGINE = "trap 'echo cut; exit' TERM; echo up; while :; do sleep 0.05; done"


async def test_a_leader_that_is_drained_is_told_alone_and_ends_its_engine_when_it_likes(
    tmp_path: Path,
) -> None:
    leader = f"trap 'echo drained; kill -KILL $!; exit' TERM; ({ENGINE}) & echo led; wait"
    child = await start(tmp_path, "sh", "-c", leader)
    await _until(lambda: set(child.log_tail().split(" | ")) == {"up", "led"})
    await child.drain(10, asyncio.sleep(60))

    assert child.log_tail().split(" | ")[2:] == ["drained"]


async def test_one_that_has_nothing_left_to_do_is_ended_with_its_engine(tmp_path: Path) -> None:
    child = await start(tmp_path, "sh", "-c", f"trap '' TERM; ({ENGINE}) & wait; wait")
    await _until(lambda: "up" in child.log_tail())
    group = child.pid
    await child.drain(60, asyncio.sleep(0))

    assert child.exit_code == -signal.SIGKILL
    await _until(lambda: not _group_exists(group))


async def test_a_drain_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    child = await start(tmp_path, "sh", "-c", STUBBORN)
    await _until(lambda: "stubborn" in child.log_tail())
    await child.drain(0.2, asyncio.sleep(60))

    assert child.exit_code == -signal.SIGKILL


async def test_its_output_is_in_the_log(tmp_path: Path) -> None:
    child = await start(tmp_path, "sh", "-c", "echo one; echo two >&2; exit 3")
    await child.ended()

    assert child.exit_code == 3
    assert child.log_tail() == "one | two"


async def test_it_hears_what_is_said(tmp_path: Path) -> None:
    child = await start(tmp_path, "head", "-c", "3", piped=True)
    await child.write(b"go!")
    await child.ended()

    assert child.log_tail() == "go!"


async def test_a_dead_child_hears_nothing_and_nobody_minds(tmp_path: Path) -> None:
    child = await start(tmp_path, "true", piped=True)
    await child.ended()
    await child.write(b"hello")
    await child.stop()


async def test_a_program_that_does_not_exist_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(GtcError, match="cannot start child: No such file"):
        await start(tmp_path, "no-such-program-here")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_dies_with_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    script = f"""
import asyncio
from pathlib import Path
from gtc_rehearsal.child import Child
async def main():
    child = await Child.start("c", ["sleep", "60"], env={ENV!r}, cwd=Path("."), log=Path("log"))
    print(child.pid, flush=True)
    await child.ended()
asyncio.run(main())
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env=ENV | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    orphan = int(parent.stdout.readline())
    parent.send_signal(how)
    parent.wait(5)

    deadline = time.monotonic() + 3
    while _runs(orphan) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(orphan)


def _runs(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _group_exists(group: int) -> bool:
    members = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return any(_runs(int(m.name)) and _group_of(int(m.name)) == group for m in members)


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(4):
        while not holds():
            await asyncio.sleep(0.02)
