"""A whole rehearsal as a person starts it, with everything scaled so that tests take seconds."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TIME_SCALE = 0.1
START_S = 150
MODE_S = 60


@dataclass
class Rehearsal:
    """A running `gtc rehearse`."""

    process: subprocess.Popen[bytes]
    state_dir: Path
    notes: dict[str, Any]

    def gtc(self, *arguments: str, check: bool = True) -> dict[str, Any]:
        """Run a verb against it; its JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "gtc_cli", *arguments,
             "--state-dir", str(self.state_dir), "--json"],
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def kubectl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run kubectl against it."""
        return subprocess.run(
            ["kubectl", "--kubeconfig", self.notes["kubeconfig"], *arguments],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def status(self) -> dict[str, Any]:
        return self.gtc("status")

    def descendants(self) -> set[int]:
        """Every process that descends from the supervisor."""
        return descendants_of(self.process.pid)

    def wait_for(self, holds: Callable[[dict[str, Any]], bool], within_s: float) -> dict[str, Any]:
        """The first view that satisfies `holds`."""
        give_up = time.monotonic() + within_s
        view: dict[str, Any] = {}
        while time.monotonic() < give_up:
            view = self.gtc("status", check=False)
            if "error" not in view and holds(view):
                return view
            time.sleep(0.5)
        raise AssertionError(f"not within {within_s} s; newest view: {json.dumps(view)[:2000]}")


def descendants_of(pid: int) -> set[int]:
    """Process ids below `pid`, from /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def command_line(pid: int) -> str:
    """The words of a process's command line; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that descend from it, at once."""
    caught: set[int] = set()
    # whoever is halted starts nothing more, so that no child is missed between look and kill
    while more := {process.pid, *descendants_of(process.pid)} - caught:
        _signal_all(more, signal.SIGSTOP)
        caught |= more
    _signal_all(caught, signal.SIGKILL)
    process.wait(10)


def _signal_all(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def start(state_dir: Path, *flags: str, mode: str = "manual", cwd: Path | None = None) -> Rehearsal:
    """Start a rehearsal on free ports and wait until it is ready and in that mode.

    One that is not in time is ended.
    """
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GTC_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "gtc_cli", "rehearse", "--env", "prod", "--port", "0",
         "--state-dir", str(state_dir), "--time-scale", str(TIME_SCALE), *flags],
        env=environ, cwd=cwd, stdout=(state_dir / "out").open("wb"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        return when_ready(process, state_dir, mode)
    except BaseException:
        kill(process)
        raise


def when_ready(process: subprocess.Popen[bytes], state_dir: Path, mode: str) -> Rehearsal:
    """The rehearsal once it has written its notes and is in that mode."""
    notes = state_dir / "rehearsal.json"
    give_up = time.monotonic() + START_S
    while not notes.exists():
        ended = process.poll()
        assert ended is None, f"ended with {ended}: {(state_dir / 'out').read_text()}"
        assert time.monotonic() < give_up, (state_dir / "out").read_text()
        time.sleep(0.2)
    rehearsal = Rehearsal(process, state_dir, json.loads(notes.read_text()))
    rehearsal.wait_for(lambda view: view["mode"] == mode and not view["problem"], MODE_S)
    return rehearsal


def end(rehearsal: Rehearsal) -> None:
    """End it as Ctrl-C does; kill what is left."""
    if rehearsal.process.poll() is None:
        rehearsal.process.send_signal(signal.SIGINT)
        try:
            rehearsal.process.wait(60)
        except subprocess.TimeoutExpired:
            kill(rehearsal.process)


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """One rehearsal for all tests of a module."""
    running = start(tmp_path_factory.mktemp("rehearsal"), "--headless")
    try:
        yield running
    finally:
        end(running)


@pytest.fixture
def fresh_rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    """A rehearsal that the test may break."""
    running = start(tmp_path, "--headless")
    try:
        yield running
    finally:
        end(running)
