"""Workers of one transfer: the first failure stops the others, also one that pauses."""

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
