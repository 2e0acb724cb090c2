"""`gtc model` from the command line: sync, status and verify of a small checkpoint."""

from pathlib import Path

import pytest

from gtc_cli.main import main
from gtc_spec.environment import load
from tests.s3_server import KEY_ID, SECRET
from tests.unit.models.conftest import WEIGHTS, Models
from tests.unit.models.fake_hub import COMMIT, REPOSITORY


@pytest.fixture
def store(models: Models, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Arguments that name the store of a test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPACES_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("SPACES_SECRET_ACCESS_KEY", SECRET)
    return ["--model", REPOSITORY, "--bucket", models.bucket, "--endpoint", models.s3_url]


def test_sync_status_and_verify_follow_a_checkpoint_from_hub_to_directory(
    models: Models, store: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = ["--directory", str(tmp_path / "share")]
    assert main(["model", "status", *store]) == 0
    assert "has nothing yet" in capsys.readouterr().out
    assert main(["model", "sync", "upload", *store, "--scratch", str(tmp_path / "scratch")]) == 0
    assert main(["model", "sync", "download", *store, *directory]) == 0
    capsys.readouterr()
    assert main(["model", "status", *store, *directory]) == 0
    assert capsys.readouterr().out.count(f"is complete at {COMMIT[:12]}") == 2
    assert main(["model", "verify", *store]) == 0
    assert "all 5 files are right" in capsys.readouterr().out
    path = models.path(WEIGHTS)
    path.write_bytes(path.read_bytes()[:-1])
    assert main(["model", "verify", *store, *directory]) == 1
    told = capsys.readouterr()
    assert f"{WEIGHTS}: 327696 bytes where 327697 belong" in told.out
    assert "error: 1 of 5 files are wrong" in told.err


def test_without_keys_the_bucket_is_refused_and_both_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["model", "status"]) == 2
    told = capsys.readouterr().err
    assert (
        f"{load('prod').spaces.bucket} needs SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY"
        in told
    )


@pytest.mark.parametrize(
    "arguments", [["sync"], ["verify", "--workers", "0"], ["setup", "--step", "x"]]
)
def test_wrong_arguments_are_usage_errors(arguments: list[str]) -> None:
    assert main(["model", *arguments]) == 2
