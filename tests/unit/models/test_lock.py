"""Two transfers do not race: the second one waits, and a lock whose holder died is taken over."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gtc_runtime.models import lock as locks
from gtc_runtime.models.lock import BucketHome, FileHome, Home, held, owner_of
from gtc_spec.errors import GtcError
from tests.unit.models.conftest import Models


@pytest.fixture(params=["bucket", "share"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    if request.param == "share":
        return FileHome(tmp_path / "lock")
    models: Models = request.getfixturevalue("models")
    return BucketHome(models.store.bucket, "lock")


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "LOOK_S", 0.05)


def stranger(renewed: int = 0) -> bytes:
    """The lock of a process on another machine."""
    text = {"owner": "pod-1/boot-pid/7/99/ab", "life_s": 0.5, "renewed": renewed}
    return json.dumps(text).encode()


def test_a_lock_goes_when_its_holder_is_done(home: Home) -> None:
    with held(home, print):
        assert owner_of(home.read() or b"")
    assert home.read() is None


def test_the_second_one_waits_and_says_for_whom(home: Home) -> None:
    order: list[str] = []
    told: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with held(home, print):
            inside.set()
            time.sleep(0.3)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    with held(home, told.append):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert told[0].startswith("waiting for ")


def test_a_lock_that_does_not_change_for_its_whole_life_is_taken_over(home: Home) -> None:
    told: list[str] = []
    home.create(stranger())
    began = time.monotonic()
    with held(home, told.append):
        assert time.monotonic() - began >= 0.5
    assert told[-1].startswith("took over ")


def test_a_lock_that_is_renewed_is_not_taken(home: Home) -> None:
    home.create(stranger())
    over = threading.Event()

    def renew() -> None:
        for number in range(1, 1000):
            if over.wait(0.1):
                return
            home.replace(stranger(number))

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        with (
            pytest.raises(GtcError, match=r"pod-1/.* still holds"),
            held(home, print, patience_s=1.5),
        ):
            pass
    finally:
        over.set()
        thread.join()


def test_the_lock_of_a_process_that_ended_beside_us_is_taken_at_once(home: Home) -> None:
    code = "from gtc_runtime.models.lock import _owner; print(_owner())"
    owner = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    home.create(json.dumps({"owner": owner.stdout.strip(), "life_s": 3000}).encode())
    began = time.monotonic()
    with held(home, print):
        assert time.monotonic() - began < 30


def test_a_holder_notices_that_its_lock_was_taken(home: Home) -> None:
    with held(home, print, life_s=0.4) as lock:
        lock.check()
        home.replace(stranger())
        lock.lost.wait(5)
        with pytest.raises(GtcError, match="another transfer took over"):
            lock.check()
    assert home.read() == stranger()


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b"\xff", b'{"owner": 3, "life_s": "x"}'])
def test_a_lock_with_nonsense_in_it_is_taken_over_in_the_end(tmp_path: Path, text: bytes) -> None:
    home = FileHome(tmp_path / "lock")
    (tmp_path / "lock").write_bytes(text)
    with held(home, print, life_s=0.2):
        pass
