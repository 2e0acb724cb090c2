"""Which programs of a control plane tests get, and what is said where there are none."""

from pathlib import Path

import pytest

from tools.control_plane import build, cache


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache without anything, and a PATH without go."""
    monkeypatch.delenv(cache.ASSETS, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return cache.pinned()


def install(folder: Path, *programs: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        (folder / program).touch(0o755)


def test_the_cache_is_below_the_users_own(tmp_path: Path) -> None:
    assert cache.root() == tmp_path / "cache" / "gtc" / "control-plane"


def test_what_is_not_built_is_named_with_the_command_that_builds_it(empty: Path) -> None:
    install(empty, *cache.SERVER)

    assert cache.found(cache.SERVER) == empty
    assert cache.found((*cache.SERVER, *cache.AUTOSCALING)) == (
        "no kube-controller-manager is built here: make control-plane KEDA=1"
    )


def test_a_program_that_cannot_be_run_is_not_there(empty: Path) -> None:
    install(empty, *cache.SERVER)
    (empty / "etcd").chmod(0o644)

    assert cache.found(cache.SERVER) == "no etcd is built here: make control-plane"


def test_a_folder_of_programs_is_taken_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = tmp_path / "given"
    install(given, "etcd")
    monkeypatch.setenv(cache.ASSETS, str(given))

    assert cache.found(("etcd",)) == given
    assert cache.found(cache.SERVER) == f"{cache.ASSETS}={given} has no kube-apiserver"


def test_without_go_nothing_is_built_and_one_line_says_why(
    capsys: pytest.CaptureFixture[str], empty: Path
) -> None:
    assert build.main([]) == 1

    said = capsys.readouterr().out.splitlines()
    assert said[0] == "control plane: no go on PATH to build it with"
    assert not empty.exists()


def test_what_is_built_needs_no_go(capsys: pytest.CaptureFixture[str], empty: Path) -> None:
    install(empty, *cache.SERVER)

    assert build.main([]) == 0
    assert capsys.readouterr().out == f"control plane: {empty}\n"
