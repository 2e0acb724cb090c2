"""The pinned requirements belong to pyproject.toml."""

import re
import tomllib
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.repository import ROOT

PIN = re.compile(
    r"^([a-z0-9.-]+)==([^\s\\]+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]
EXTRAS = PROJECT["project"]["optional-dependencies"] | GROUPS
SETS = {
    "demo": ["runtime", "ui", "rehearsal", "build"],
    "runtime": ["runtime", "ui", "build"],
    "dist": ["dist", "build"],
    "dev": [extra for extra in EXTRAS if extra not in ("gpu", "vllm", "dist")],
}
"""What each file must hold; `make lock` says the same. What needs a GPU is installed beside one."""


@cache
def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return {canonicalize_name(found[1]): found[2] for found in PIN.finditer(text)}


def wanted(name: str) -> list[str]:
    chosen = [each for extra in SETS[name] for each in EXTRAS[extra]]
    return PROJECT["project"]["dependencies"] + chosen


@pytest.mark.parametrize("name", SETS)
def test_every_direct_dependency_is_pinned_inside_its_range(name):
    pinned = pins(name)

    wrong = [
        text
        for text in wanted(name)
        if not (found := pinned.get(canonicalize_name((need := Requirement(text)).name)))
        or not need.specifier.contains(found)
    ]

    assert wrong == [], "run make lock"


@pytest.mark.parametrize("name", SETS)
def test_every_pin_has_a_hash(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")

    assert len(pins(name)) == len(re.findall(r"^[A-Za-z0-9]", text, re.M)) > 20


@pytest.mark.parametrize("name", ["demo", "runtime"])
def test_what_people_install_is_what_is_tested(name):
    tested = pins("dev")

    assert {each: v for each, v in pins(name).items() if tested.get(each) != v} == {}


def test_the_image_holds_neither_cdktf_nor_the_simulator():
    unwanted = {"cdktf", "cdktn", "constructs", "jsii", "ai-dynamo", "numpy"}

    assert unwanted & set(pins("runtime")) == set()


def test_the_build_group_repeats_the_build_system():
    assert GROUPS["build"] == PROJECT["build-system"]["requires"]
