"""All stacks as ``make synth`` writes them, made once, with secrets in the environment."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gtc_spec import names
from gtc_spec.environment import ENVIRONMENTS
from gtc_spec.manifests.secret_names import SECRETS

ROOT = Path(__file__).parents[2]
STACKS = tuple(
    stack(env) for env in ENVIRONMENTS for stack in (names.infra_stack, names.cluster_stack)
)
KEYS = [key for secret in SECRETS for key in secret.keys]
CANARIES = {
    name: f"canary-{number}-7f3a9c"
    for number, name in enumerate(
        [
            *KEYS,
            *(f"TF_VAR_{key.lower()}" for key in KEYS),
            "DIGITALOCEAN_TOKEN",
            "DIGITALOCEAN_ACCESS_TOKEN",
        ]
    )
}
"""Variable: a value that can be found again wherever it went."""


@dataclass(frozen=True)
class Written:
    """A finished synthesis."""

    folder: Path
    said: str

    def stack(self, name: str) -> dict[str, Any]:
        path = self.folder / "stacks" / name / "cdk.tf.json"
        document: dict[str, Any] = json.loads(path.read_text())
        return document

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


def synthesise(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run main.py with no variable of the demo but these."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in CANARIES and not name.startswith("GTC_")
    }
    return subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env={**clean, "CDKTF_OUTDIR": str(folder), "GTC_TAG": "20261125-295cf13", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


ALL_EXAMPLES = """
import runpy, sys
from functools import partial
from pathlib import Path
from gtc_constructs import app
make = app.App
for path in sorted(Path("examples").glob("*.py")):
    app.App = partial(make, outdir=f"{sys.argv[1]}/{path.stem}")
    runpy.run_path(str(path), run_name="__main__")
"""
"""A program that runs all of them, because one start of Node is enough."""


def synthesise_examples(folder: Path, cdk: str) -> None:
    """Run every example with cdktf or its fork; each has a folder of its name afterwards."""
    folder.mkdir(exist_ok=True)
    ran = subprocess.run(
        [sys.executable, "-c", ALL_EXAMPLES, str(folder)],
        cwd=ROOT,
        env={**os.environ, "GTC_CDK": cdk},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What cdktf writes of every example, in a folder of its name."""
    folder = tmp_path_factory.mktemp("examples")
    synthesise_examples(folder, "cdktf")
    return folder


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("cdktf.out")
    ran = synthesise(folder, **CANARIES)
    assert ran.returncode == 0, ran.stderr
    return Written(folder, ran.stdout + ran.stderr)
