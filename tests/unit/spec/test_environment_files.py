"""Which environments there are, and what one takes from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.environment_files import read
from gtc_spec.errors import ConfigError, UsageError

FOLDER = Path(__file__).resolve().parents[3] / "constructs" / "gtc_spec" / "environments"


def test_every_file_is_an_environment_and_the_other_way_round() -> None:
    assert set(ENVIRONMENTS) == {file.stem for file in FOLDER.iterdir()}
    assert set(ENVIRONMENTS) >= {"cpu", "dev", "prod"}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_called_like_its_file(name: str) -> None:
    assert load(name).name == name


def test_cpu_plays_the_show_of_prod() -> None:
    cpu, prod = load("cpu"), load("prod")

    assert (cpu.table, cpu.pools, cpu.slo) == (prod.table, prod.pools, prod.slo)
    assert cpu.slots == prod.slots
    assert cpu.digest != prod.digest


def test_what_is_taken_is_there_and_given_once(tmp_path: Path) -> None:
    file = tmp_path / "cpu.toml"
    file.write_text('name = "cpu"\n[inherit]\nprod = ["name", "nothing"]\nnowhere = ["slo"]\n')

    with pytest.raises(ConfigError) as caught:
        read("cpu", file)

    assert [(each.key, each.value) for each in caught.value.problems] == [
        ("name", "given twice"),
        ("inherit.prod", "nothing"),
        ("inherit.nowhere", "slo"),
    ]


@pytest.mark.parametrize("inherit", ["inherit = 1", "[inherit]\nprod = 1", "[inherit]\nprod = [1]"])
def test_what_is_taken_is_said_as_a_table_of_lists(tmp_path: Path, inherit: str) -> None:
    file = tmp_path / "cpu.toml"
    file.write_text(inherit + "\n")

    with pytest.raises(ConfigError):
        read("cpu", file)


def test_a_file_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cpu.toml"
    file.write_text("a = " + "[" * 5000)

    with pytest.raises(UsageError, match="nested too deeply"):
        read("cpu", file)
