"""Workers of one transfer: the first failure stops the others, also one that pauses."""

import signal
import subprocess
import sys
import threading
from dataclasses import dataclass

import pytest

from gtc_runtime.copies.crew import Crew


@dataclass(frozen=True)
class File:
    size_bytes: int


def test_a_pause_ends_when_another_worker_fails() -> None:
    crew = Crew(2, lambda _stage, _n: None)
    pausing = threading.Event()

    def act(file: File) -> None:
        if file.size_bytes == 2:
            pausing.set()
            crew.pause(60.0)
            pytest.fail("nobody stopped the pause")
        pausing.wait(10)
        raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        crew.carry([File(1), File(2)], act)


def test_ctrl_c_that_does_not_end_the_wait_for_workers_is_noticed_all_the_same() -> None:
    # taken by another thread, a signal leaves the main thread asleep, as one just before its sleep
    program = """
import signal, threading, types
from gtc_runtime.copies.crew import Crew

crew = Crew(1, lambda *_: None)

def act(_file):
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    crew.pause(60.0)

crew.carry([types.SimpleNamespace(size_bytes=1)], act)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )

    assert ended.returncode == -signal.SIGINT, ended.stderr
