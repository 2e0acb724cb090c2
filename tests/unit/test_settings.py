"""Settings of the processes: precedence, the example file, secrets that stay secret."""

import os
from pathlib import Path

import pytest

from gtc_runtime import settings
from gtc_spec.errors import ConfigError, UsageError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty directory and none of our variables."""
    monkeypatch.chdir(tmp_path)
    ours = {line.split("=")[0] for line in settings.example().splitlines() if "=" in line}
    for name in ours & os.environ.keys():
        monkeypatch.delenv(name)


def test_the_example_file_is_what_the_settings_say() -> None:
    assert (ROOT / ".env.example").read_text() == settings.example(), "run make docs"


def test_the_example_file_read_as_env_file_changes_nothing(tmp_path: Path) -> None:
    plain = settings.read()
    (tmp_path / ".env").write_text(settings.example())

    assert settings.read() == plain


def test_a_flag_wins_over_a_variable_which_wins_over_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.read().port == 8080

    (tmp_path / ".env").write_text("GTC_PORT=1001\nGTC_ENV=dev\n")
    assert settings.read().port == 1001

    monkeypatch.setenv("GTC_PORT", "1002")
    assert settings.read().port == 1002

    assert settings.read(port=1003).port == 1003
    assert settings.read(port=None).port == 1002
    assert settings.read().env == "dev"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GTC_PORT", "")

    assert settings.read().port == 8080


def test_the_kubeconfig_comes_from_the_usual_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/a/file")

    assert settings.read().kubeconfig == "/a/file"


def test_unknown_lines_of_the_env_file_belong_to_somebody_else(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SOMETHING=else\n")

    assert settings.read().env == "prod"


def test_all_broken_variables_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GTC_PORT", "-1")

    with pytest.raises(ConfigError) as caught:
        settings.read(host=5)

    assert {problem.key for problem in caught.value.problems} == {"GTC_PORT", "GTC_HOST"}


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", "SPACES_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hunter2")

    read = settings.read()

    assert "hunter2" not in repr(read) + str(read) + read.model_dump_json()
    assert read.hf_token.get_secret_value() == "hunter2"


def test_secrets_may_be_files_of_a_folder_named_like_their_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "SPACES_ACCESS_KEY_ID").write_text("from-file\n")
    (folder / "GRADIENT_API_KEY").write_text("from-file")
    monkeypatch.setenv("GTC_SECRETS_DIR", str(folder))
    monkeypatch.setenv("GRADIENT_API_KEY", "from-variable")

    configured = settings.read()

    assert configured.spaces_access_key_id.get_secret_value() == "from-file"
    assert configured.gradient_api_key.get_secret_value() == "from-variable"


def test_a_folder_of_secrets_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GTC_SECRETS_DIR", "/nowhere")

    with pytest.raises(UsageError, match="GTC_SECRETS_DIR: there is no directory '/nowhere'"):
        settings.read()


def test_a_secret_may_be_handed_over_by_the_name_of_its_variable() -> None:
    configured = settings.read(env="dev", SPACES_ACCESS_KEY_ID="given")

    assert configured.spaces_access_key_id.get_secret_value() == "given"
