"""Two transfers into one directory: the second waits, and a lock dies with its holder."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gtc_runtime.copies import directory
from gtc_runtime.copies.directory import locked
from gtc_spec.errors import GtcError

HOLDER = """
import sys, time
from pathlib import Path
from gtc_runtime.copies.directory import locked
with locked(Path(sys.argv[1]), print):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "POLL_S", 0.05)


def test_the_second_one_waits_and_says_for_what(tmp_path: Path) -> None:
    order: list[str] = []
    told: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with locked(tmp_path, print):
            inside.set()
            time.sleep(0.3)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    with locked(tmp_path, told.append):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert told == [f"waiting for another transfer, which holds {tmp_path}/.sync-lock"]


def test_who_waits_too_long_is_refused(tmp_path: Path) -> None:
    with (
        locked(tmp_path, print),
        pytest.raises(GtcError, match=r"still holds .*sync-lock after 0 s"),
        locked(tmp_path, print, patience_s=0.2),
    ):
        pass


def test_the_lock_of_a_process_that_was_killed_is_free_at_once(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    with locked(tmp_path, print, patience_s=0.0):
        pass


def test_a_directory_that_cannot_be_locked_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(GtcError, match=r"cannot lock .*file/.sync-lock"),
        locked(tmp_path / "file", print),
    ):
        pass
