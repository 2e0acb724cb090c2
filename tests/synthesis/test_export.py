"""Exported modules in the hands of Terraform, and beside the stacks that they were made of."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gtc_constructs.export import export_terraform
from gtc_constructs.export.crossing import Told, inlined, key, outputs
from tests.digitalocean.account import Account
from tests.digitalocean.routing import FULL_ACCESS
from tests.digitalocean.server import serving
from tests.recorded_schemas import faults
from tests.synthesis import references
from tests.synthesis.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
PROGRAMS = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


@pytest.fixture(scope="module")
def exported(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules of every example."""
    folder = tmp_path_factory.mktemp("exported")
    for name in PROGRAMS:
        export_terraform(examples / name, folder / name)
    return folder


def test_one_command_runs_a_program_and_exports_it(tmp_path: Path) -> None:
    ran = export(ROOT / "examples" / "gpu_cluster.py", tmp_path)

    assert (ran.returncode, ran.stdout) == (0, f"{tmp_path}/1-training\n")
    assert merged(tmp_path / "1-training")["variable"]["gpu_count"]["default"] == 2


def test_a_program_is_run_as_python_runs_it_and_may_say_where_it_writes(tmp_path: Path) -> None:
    (tmp_path / "house_settings.py").write_text('REGION = "atl1"\n')
    program = tmp_path / "program.py"
    program.write_text(PROGRAM_OF_A_HOUSE)
    ran = export(program, tmp_path / "terraform", cwd=tmp_path)

    assert (ran.returncode, ran.stdout) == (0, f"{tmp_path}/terraform/1-infra\n"), ran.stderr
    variables = merged(tmp_path / "terraform" / "1-infra")["variable"]
    assert variables["region"]["default"] == "atl1"


PROGRAM_OF_A_HOUSE = """
import sys
import gtc_constructs as gtc
from house_settings import REGION

def main(folders: list[str]) -> None:
    assert folders == [], folders
    app = gtc.App(outdir="my.out")
    stack, pool = gtc.TerraformStack(app, "infra"), gtc.NodePool.h100(count=1)
    gtc.GpuCluster(stack, "cluster", name="llm", region=REGION, gpu_pool=pool)
    gtc.synthesise(app)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "error: got program {}, allowed: a file of Python\n"),
        (
            "import gtc_constructs as gtc; gtc.App()",
            "error: {} wrote 0 apps, allowed: one\nhint: end it with synthesise(app)\n",
        ),
    ],
)
def test_a_program_that_writes_nothing_is_told_in_one_line_and_a_hint(
    tmp_path: Path, text: str | None, said: str
) -> None:
    program = tmp_path / "program.py"
    if text is not None:
        program.write_text(text)
    ran = export(program, tmp_path / "terraform", cwd=tmp_path)

    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", said.format(program))


def export(program: Path, folder: Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gtc_constructs.export", str(program), str(folder)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def merged(folder: Path) -> dict[str, Any]:
    """A module as one document; each part is in one file."""
    parts = [json.loads(path.read_text()) for path in folder.glob("*.tf.json")]
    return {key: value for part in parts for key, value in part.items()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_module_is_what_the_providers_take_and_every_reference_leads_somewhere(
    exported: Path, name: str
) -> None:
    for folder in (exported / name).iterdir():
        document = merged(folder)
        # templatefile is told each variable under its own name
        plain = json.loads(re.sub(r"(\w+) = var\.\1", r"var.\1", json.dumps(document)))
        assert references.problems(plain) == []
        assert faults(document) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_with_its_defaults_a_module_ships_the_values_of_the_program(
    exported: Path, examples: Path, name: str
) -> None:
    documents = {
        path.parent.name: json.loads(path.read_text())
        for path in (examples / name).glob("stacks/*/cdk.tf.json")
    }
    told = {key(stack): Told("", outputs(each)) for stack, each in documents.items()}
    for folder in (exported / name).iterdir():
        program = documents[folder.name.partition("-")[2]]
        wanted = {
            place(release): [json.loads(inlined(text, told)[0]) for text in release["values"]]
            for release in program["resource"].get("helm_release", {}).values()
        }
        assert shipped(folder) == wanted


def place(release: dict[str, Any]) -> tuple[str, str]:
    return release["namespace"], release["name"]


def shipped(folder: Path) -> dict[tuple[str, str], list[Any]]:
    """Values by release, as Terraform renders them without a choice."""
    document = merged(folder)

    def value(found: re.Match[str]) -> str:
        default = document["variable"][found[1]].get("default")
        return f"${{var.{found[1]}}}" if default is None else str(default)

    return {
        place(release): [
            json.loads(re.sub(r"(?<!\$)\$\{(\w+)\}", value, (folder / path[1]).read_text()))
            for text in release["values"]
            if (path := re.search(r"path\.module\}/(values/[^\"]+)", text))
        ]
        for release in document["resource"].get("helm_release", {}).values()
    }


@pytest.mark.terraform
@pytest.mark.parametrize("name", PROGRAMS)
def test_terraform_accepts_every_module(exported: Path, name: str) -> None:
    for folder in (exported / name).iterdir():
        ready(folder)
        checked = terraform(folder, "validate")
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.terraform
def test_terraform_plans_a_cluster_of_another_house(exported: Path) -> None:
    """With the real provider; only the API is a stand-in."""
    folder = exported / "gpu_cluster" / "1-training"
    ready(folder)
    account = Account(tokens={"token": FULL_ACCESS})
    chosen = {"cluster_name": "team-a", "gpu_count": "4", "region": "nyc2"}
    with serving(account) as cloud:
        planned = terraform(
            folder,
            "plan",
            "-input=false",
            "-no-color",
            DIGITALOCEAN_API_URL=cloud.url,
            DIGITALOCEAN_TOKEN="token",
            **{f"TF_VAR_{name}": value for name, value in chosen.items()},
        )

    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert "4 to add, 0 to change, 0 to destroy" in planned.stdout
    assert re.search(r'name += "team-a-vpc"', planned.stdout)
    assert re.search(r"node_count += 4", planned.stdout)


def ready(folder: Path) -> None:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    made = terraform(folder, "init", "-input=false")
    if made.returncode != 0:
        assert "provider" in made.stderr, made.stderr
        pytest.skip("the providers cannot be fetched from here")


def terraform(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", f"-chdir={folder}", *command],
        env={**os.environ, "CHECKPOINT_DISABLE": "1", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
