"""The program that cdktf and make run."""

import os
import subprocess
import sys

import pytest

import main
from gtc_runtime.choices import Variables
from gtc_spec.environment import ENVIRONMENTS
from tests.synthesised import ROOT


def run(tmp_path, **variables):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GTC_")}
    return subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env={**clean, "CDKTF_OUTDIR": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        timeout=170,
    )


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"GTC_ENV": "staging"},
            f"unknown environment 'staging', allowed: {', '.join(ENVIRONMENTS)}",
        ),
        ({"GTC_REGION": "Mars"}, "not a region: 'Mars'"),
        ({"GTC_GPU_TYPE": "s-2vcpu-4gb"}, "unknown gpu size 's-2vcpu-4gb'"),
        ({"GTC_TAG": "a b"}, "not an image tag: 'a b'"),
        (
            {"GTC_MODEL": "meta-llama/Llama-3.1-70B-Instruct"},
            "name an fp8 checkpoint such as nvidia/",
        ),
    ],
)
def test_bad_input_is_told_at_once_in_one_line(tmp_path, variables, said):
    ran = run(tmp_path, **variables)

    error, *hint = ran.stderr.splitlines()
    assert ran.returncode == 2
    assert said in error
    assert all(line.startswith("hint: ") for line in hint)
    assert len(hint) <= 1
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_choices_concern_one_environment_and_reach_its_panel():
    made = main.environments(Variables({"GTC_ENV": "prod", "GTC_REGION": "nyc2"}, {}))
    chosen = {env.name: (env.region, choices) for env, choices in made}

    assert chosen.pop("prod") == ("nyc2", {"GTC_REGION": "nyc2"})
    assert set(chosen) == set(ENVIRONMENTS) - {"prod"}
    assert all(other == ("atl1", {}) for other in chosen.values())


@pytest.mark.slow
def test_all_stacks_are_written_without_a_word(tmp_path):
    ran = run(tmp_path, GTC_TAG="20260101-abcdef0")

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert len(list((tmp_path / "stacks").iterdir())) == 2 * len(ENVIRONMENTS)
