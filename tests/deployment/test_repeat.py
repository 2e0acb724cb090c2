"""A deployment that was killed at any moment is repeated and ends as if nothing had happened."""

import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.place import Ran, kill
from tests.deployment.world import World, world

pytestmark = [pytest.mark.timeout(240)]
STEPS = (
    "doctor",
    "account",
    "image",
    "infra stack",
    "corpus",
    "worker nodes",
    "cluster stack",
    "platform",
    "model",
    "workers",
    "scalers",
    "panel",
)
SEED = 20261129


def quick(each: object, are: tuple[object, ...]) -> Any:
    """A parameter; all but those that most can go wrong with are for the slow suite."""
    return pytest.param(each, marks=[] if each in are else pytest.mark.slow)


@dataclass(frozen=True)
class Undisturbed:
    """A deployment that nobody disturbed: what it said and left, and how long it took, seconds."""

    said: str
    left: dict[str, Any]
    took_s: float


@pytest.fixture(scope="module")
def undisturbed(
    synthesised: Path, bucket: str, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    with world(tmp_path_factory.mktemp("undisturbed"), synthesised, bucket) as made:
        began = time.monotonic()
        ran = deploy(made)
        took_s = time.monotonic() - began
        assert ran.code == 0, ran.said
        return Undisturbed(ran.said, made.end_state(), took_s)


@pytest.fixture
def here(synthesised: Path, bucket: str, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, synthesised, bucket) as made:
        yield made


def deploy(made: World) -> Ran:
    return made.place.gtc("deploy", "--env", "dev", within_s=100)


def test_a_deployment_leaves_everything_that_it_says(
    undisturbed: Undisturbed,
) -> None:
    said, left = undisturbed.said, undisturbed.left
    assert tuple(re.findall(r"^=== deploy dev \d+(?:/\d+)?: (.*)$", said, re.MULTILINE)) == STEPS
    assert set(left["releases"].values()) == {"deployed"}
    assert [each["pools"] for each in left["clusters"]] == [
        [("gpu", "gpu-h100x1-80gb", 3), ("management", "s-2vcpu-4gb", 2)]
    ]
    assert len(left["states"]["cluster-dev"]) == len(set(left["states"]["cluster-dev"])) > 20


@pytest.mark.parametrize("step", [quick(each, ("infra stack", "cluster stack")) for each in STEPS])
def test_killed_as_a_step_begins_it_is_repeated(
    here: World, undisturbed: Undisturbed, step: str
) -> None:
    child = here.place.start("deploy", "--env", "dev")
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("===") and line.strip().endswith(f": {step}"):
            break
    kill(child)

    ran = deploy(here)

    assert ran.code == 0, ran.said
    assert here.end_state() == undisturbed.left


@pytest.mark.parametrize("number", [quick(each, (1, 2)) for each in range(1, 21)])
def test_killed_at_any_moment_it_is_repeated(
    here: World, undisturbed: Undisturbed, number: int
) -> None:
    """Every other time Terraform outlives its command, as it does without a terminal."""
    when_s = random.Random(SEED + number).uniform(0.3, undisturbed.took_s)
    child = here.place.start("deploy", "--env", "dev")
    time.sleep(when_s)
    kill(child, children=number % 2 == 0)

    ran = deploy(here)

    assert ran.code == 0, f"killed after {when_s:.1f} s\n{ran.said}"
    assert here.end_state() == undisturbed.left


def test_killed_again_and_again_it_ends_and_can_be_taken_down(
    here: World, undisturbed: Undisturbed
) -> None:
    moments = random.Random(SEED)
    for _ in range(4):
        child = here.place.start("deploy", "--env", "dev")
        time.sleep(moments.uniform(0.5, undisturbed.took_s))
        kill(child)

    assert deploy(here).code == 0
    assert here.end_state() == undisturbed.left

    ran = here.place.gtc("teardown", "--env", "dev", "--yes")

    assert ran.code == 0, ran.said
    assert here.cloud.account.billable() == []
    assert here.cloud.account.vpcs == {}
