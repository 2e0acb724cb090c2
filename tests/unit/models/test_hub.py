"""A hub that refuses, is silent or breaks off: what is tried again, and what is said."""

import time
from pathlib import Path

import pytest

from gtc_runtime.copies.crew import PAUSES_S
from gtc_runtime.models import hub as hubs
from gtc_runtime.models.hub import Hub
from gtc_spec.errors import GtcError, UnreachableError
from tests.unit.models.conftest import WEIGHTS
from tests.unit.models.fake_hub import COMMIT, REPOSITORY, FakeHub


@pytest.fixture(autouse=True)
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without their length."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    monkeypatch.setattr(hubs, "ANSWER_S", 0.2)
    return made


def ignored(_: int) -> None:
    """Whoever counts the bytes does not care."""


def test_a_token_that_may_list_and_not_read_is_refused_once(hub: FakeHub, tmp_path: Path) -> None:
    hub.file_status = 403
    narrow = Hub(REPOSITORY, "narrow")
    assert narrow.listing("main").commit == COMMIT
    with pytest.raises(GtcError, match=r"refuses HF_TOKEN \(403\)") as refused:
        narrow.fetch(WEIGHTS, COMMIT, tmp_path / "to", ignored)
    assert "needs access to gated repositories" in refused.value.hint
    assert refused.value.exit_code == 1
    assert len(hub.requests("resolve")) == 1


def test_a_hub_that_is_busy_with_a_file_is_asked_again_slower_and_slower(
    hub: FakeHub, tmp_path: Path, paused: list[float]
) -> None:
    hub.file_status = 503
    with pytest.raises(UnreachableError, match="answered 503"):
        Hub(REPOSITORY, "").fetch(WEIGHTS, COMMIT, tmp_path / "to", ignored)
    assert len(hub.requests("resolve")) == len(PAUSES_S) + 1
    assert paused == sorted(PAUSES_S)


def test_a_silent_hub_is_asked_as_often_as_we_say(hub: FakeHub, tmp_path: Path) -> None:
    hub.silent_s = 1.0
    with pytest.raises(UnreachableError, match="does not answer: ReadTimeout"):
        Hub(REPOSITORY, "").fetch(WEIGHTS, COMMIT, tmp_path / "to", ignored)
    assert len(hub.requests("resolve")) == len(PAUSES_S) + 1


class EnoughError(Exception):
    """Whoever counts the bytes wants no more."""


def test_a_silent_hub_is_left_when_another_worker_failed(hub: FakeHub, tmp_path: Path) -> None:
    def enough(_: int) -> None:
        raise EnoughError

    hub.silent_s = 1.0
    with pytest.raises(EnoughError):
        Hub(REPOSITORY, "").fetch(WEIGHTS, COMMIT, tmp_path / "to", enough)
    assert len(hub.requests("resolve")) == 1


def test_one_lost_connection_does_not_end_other_downloads(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(range(256)) * 4 * 2**14  # 16 MiB: more than the sockets hold
    (hub.folder / WEIGHTS).write_bytes(content)
    here = Hub(REPOSITORY, "")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    away = Hub(REPOSITORY, "")
    lost: list[UnreachableError] = []

    def lose_another(_: int) -> None:
        if not lost:
            with pytest.raises(UnreachableError) as refused:
                away.fetch(WEIGHTS, COMMIT, tmp_path / "away", ignored)
            lost.append(refused.value)

    here.fetch(WEIGHTS, COMMIT, tmp_path / "to", lose_another)
    assert (tmp_path / "to" / WEIGHTS).read_bytes() == content
    assert [each[0] for each in hub.requests("resolve")] == ["HEAD", "GET"]


def test_bytes_of_a_file_that_is_begun_again_count_once(hub: FakeHub, tmp_path: Path) -> None:
    size = (hub.folder / WEIGHTS).stat().st_size
    hub.served[WEIGHTS] = b"x" * (size // 2)
    counts: list[int] = []

    def moved(n_bytes: int) -> None:
        counts.append(n_bytes)
        hub.served.clear()

    Hub(REPOSITORY, "").fetch(WEIGHTS, COMMIT, tmp_path / "to", moved)
    assert counts[:2] == [size // 2, -(size // 2)]
    assert sum(counts) == size
