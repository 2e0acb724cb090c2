"""check-env: everything that is wrong at once, what it is for, and never a value."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_cli.local.variables import (
    ALIASES,
    DO_TOKEN,
    NEEDED,
    Variables,
    for_terraform,
    without_secrets,
)
from gtc_runtime import settings
from gtc_spec.errors import UsageError
from tests.unit.cli.conftest import Call
from tests.unit.deploy.conftest import SECRETS, Checkout

ALL = NEEDED["cluster"]


def test_all_that_is_missing_is_named_at_once_with_its_purpose(
    gtc: Call, checkout: Checkout
) -> None:
    told = gtc("check-env")

    assert told.code == 1
    assert told.out.startswith("RED     variables")
    for name in ALL:
        assert f"{name} is not set: {settings.PURPOSES[name]}" in told.out.replace(
            "DIGITALOCEAN_ACCESS_TOKEN or DIGITALOCEAN_TOKEN", DO_TOKEN
        )
    assert "-> cp .env.example .env and fill it in; made at https://" in told.out


@pytest.mark.usefixtures("secrets")
def test_a_complete_environment_is_confirmed_without_a_value(gtc: Call, checkout: Checkout) -> None:
    told = gtc("check-env", "--env", "dev")

    assert told.code == 0
    assert "canary" not in told.out + told.err
    assert "meta-llama/Llama-3.1-8B-Instruct on 3 x gpu-h100x1-80gb in atl1" in told.out


@pytest.mark.usefixtures("secrets")
def test_choices_are_checked_together_with_the_variables(
    gtc: Call, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTC_MODEL", "meta-llama/Llama-3.1-70B-Instruct")

    told = gtc("check-env", "--env", "prod")

    assert told.code == 2
    assert "132 gib of weights" in told.error


@pytest.mark.parametrize("alias", ALIASES[DO_TOKEN])
def test_either_name_of_the_digitalocean_token_will_do(alias: str) -> None:
    found = Variables({**without_secrets(SECRETS), **_but(DO_TOKEN), alias: "one"}, {}).secrets(ALL)

    assert found[DO_TOKEN] == "one"


def test_two_names_with_two_values_are_a_conflict_that_names_both() -> None:
    given_twice = {**SECRETS, "DIGITALOCEAN_TOKEN": "another"}

    with pytest.raises(UsageError) as caught:
        Variables(given_twice, {}).secrets(ALL)

    assert caught.value.message.startswith(
        "DIGITALOCEAN_ACCESS_TOKEN and DIGITALOCEAN_TOKEN differ"
    )
    assert "another" not in caught.value.message


def test_two_names_with_one_value_are_no_conflict() -> None:
    same = {**SECRETS, "DIGITALOCEAN_TOKEN": SECRETS[DO_TOKEN]}

    assert Variables(same, {}).secrets(ALL) == SECRETS


def test_the_process_wins_over_the_file_under_whatever_name() -> None:
    file = {"HF_TOKEN": "old", "TF_VAR_hf_token": "old"}

    assert Variables({"HF_TOKEN": "new"}, file).secrets(["HF_TOKEN"]) == {"HF_TOKEN": "new"}


def test_the_file_alone_will_do_as_the_example_writes_it(tmp_path: Path) -> None:
    filled = "\n".join(
        line + SECRETS.get(line.removesuffix("="), "") for line in settings.example().splitlines()
    )
    (tmp_path / ".env").write_text(filled)

    assert Variables.read({}, tmp_path).secrets(ALL) == SECRETS


@pytest.mark.parametrize("value", [" x", "x\t", "'x'", '"x"', 'x"'])
def test_blanks_and_quotes_around_a_value_are_told(value: str) -> None:
    with pytest.raises(UsageError, match="HF_TOKEN has blanks or quotes around its value"):
        Variables({"HF_TOKEN": value}, {}).secrets(["HF_TOKEN"])


@given(values=st.dictionaries(st.sampled_from(sorted(SECRETS)), st.text(max_size=8)))
def test_every_variable_is_either_found_or_named_and_no_value_is_told(
    values: dict[str, str],
) -> None:
    marked = {name: f"{value}§7§{value}" if value else "" for name, value in values.items()}

    try:
        found = Variables(marked, {}).secrets(ALL)
    except UsageError as error:
        text = error.message
    else:
        text = ""
        assert found == marked
    assert "§7§" not in text
    assert len(text.splitlines()) == sum(name in text for name in ALL)


def test_terraform_is_told_every_secret_and_one_token_under_both_names() -> None:
    told = for_terraform(SECRETS)

    assert told["TF_VAR_spaces_secret_access_key"] == SECRETS["SPACES_SECRET_ACCESS_KEY"]
    assert told["DIGITALOCEAN_TOKEN"] == told["DIGITALOCEAN_ACCESS_TOKEN"] == SECRETS[DO_TOKEN]


def test_a_child_without_need_gets_no_secret() -> None:
    everything = {**SECRETS, **for_terraform(SECRETS), "HOME": "/x"}

    assert without_secrets(everything) == {"HOME": "/x"}


def _but(name: str) -> dict[str, str]:
    return {key: value for key, value in SECRETS.items() if key != name}
