"""What holds for everything that a synthesis writes, whichever construct wrote it."""

import json
import re
import sys

import pytest

from gtc_cli.local.variables import STACK_SECRETS, terraform_name
from tests.synthesis import references
from tests.synthesis.conftest import CANARIES, ROOT, STACKS, Written, synthesise

each_stack = pytest.mark.parametrize("stack", STACKS)


def test_all_stacks_are_written_and_nothing_is_said(written: Written) -> None:
    assert {path.name for path in (written.folder / "stacks").iterdir()} == set(STACKS)
    assert written.said == ""


def test_no_value_of_a_secret_is_in_any_file_or_line(written: Written) -> None:
    texts = {str(path): path.read_bytes() for path in written.files()}
    texts["said"] = written.said.encode()

    leaks = [
        f"{variable} in {name}"
        for name, text in texts.items()
        for variable, value in CANARIES.items()
        if value.encode() in text
    ]

    assert leaks == []
    assert len(texts) > len(STACKS)


@each_stack
def test_every_reference_leads_somewhere(written: Written, stack: str) -> None:
    assert references.problems(written.stack(stack)) == []


@each_stack
def test_no_path_of_this_machine_is_written(written: Written, stack: str) -> None:
    document = written.stack(stack)
    whole = json.dumps(document)
    absolute = re.compile(r"(file://)?/(root|home|tmp|work|Users|private|var/folders)(/|$)")

    assert [place for place in (ROOT, written.folder, sys.prefix) if str(place) in whole] == []
    assert [found for found in references.strings(document) if absolute.match(found[1])] == []


@each_stack
def test_helm_values_are_documents_and_set_carries_plain_scalars(
    written: Written, stack: str
) -> None:
    releases = written.stack(stack).get("resource", {}).get("helm_release", {}).values()

    for release in releases:
        for text in release.get("values", []):
            assert isinstance(json.loads(text), dict), release["name"]
        for entry in [*release.get("set", []), *release.get("set_sensitive", [])]:
            # helm reads {} as a list with one empty string, and splits at commas
            assert re.fullmatch(r"[\w.:/ -]+", entry["value"]), (release["name"], entry["name"])


@each_stack
def test_every_chart_is_pinned(written: Written, stack: str) -> None:
    for release in written.stack(stack).get("resource", {}).get("helm_release", {}).values():
        if "repository" in release:
            assert re.fullmatch(r"v?\d+\.\d+\.\d+", release["version"]), release["name"]
        else:
            assert release["chart"].endswith(".tgz") or release["chart"].startswith("assets/")


@each_stack
def test_secrets_are_ephemeral_write_only_and_in_no_output(written: Written, stack: str) -> None:
    document = written.stack(stack)
    secret = {
        name for name, variable in document.get("variable", {}).items() if "sensitive" in variable
    }

    assert all(document["variable"][name]["ephemeral"] is True for name in secret)
    for each in document.get("resource", {}).get("kubernetes_secret_v1", {}).values():
        assert "data" not in each
        assert "binary_data" not in each
        # one without any value of ours is the only one that needs no revision
        assert each.get("data_wo_revision") or "data_wo" not in each
    outputs = json.dumps(document.get("output", {}))
    assert not any(f"var.{name}" in outputs for name in secret)


@each_stack
def test_check_env_asks_for_every_variable_that_a_stack_cannot_do_without(
    written: Written, stack: str
) -> None:
    variables = written.stack(stack).get("variable", {})
    needed = {f"TF_VAR_{name}" for name, each in variables.items() if "default" not in each}

    assert needed <= {terraform_name(key) for key in STACK_SECRETS}


def test_the_same_input_gives_the_same_files(written: Written, tmp_path) -> None:
    again = synthesise(tmp_path, **CANARIES)

    assert again.returncode == 0
    second = Written(tmp_path, "")
    assert {stack: second.stack(stack) for stack in STACKS} == {
        stack: written.stack(stack) for stack in STACKS
    }


def test_no_value_of_a_secret_is_in_an_error(tmp_path) -> None:
    ran = synthesise(tmp_path, **CANARIES, GTC_ENV="prdo")

    assert ran.returncode == 2
    assert "unknown environment 'prdo'" in ran.stderr
    assert "canary" not in ran.stdout + ran.stderr
