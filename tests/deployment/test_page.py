"""docs/deploy.md, followed literally: every command on it, in its order, in a fresh checkout."""

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gtc_cli.steps.model_jobs import JOB_S
from gtc_cli.steps.wait import DEADLINES_S
from tests.deployment import tools
from tests.deployment.conftest import store
from tests.deployment.panel_pod import PanelPod
from tests.deployment.place import COLOUR, ROOT, SECRETS
from tests.deployment.world import World, make_a_commit, world

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
PART = re.compile(r"^```\n(.*?)^```|^\| [^|]*\| `((?:make|\.venv/bin/gtc) [^`…]+)`", re.M | re.S)
"""A block of commands, or a command in the second column of a table."""

OF_MAKE = ("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES")
"""What a make above these tests tells a make below; a person's shell has none of it."""


def commands() -> list[str]:
    """Everything on the page that is to be typed, block by block."""
    return [(block or line).strip() for block, line in PART.findall(PAGE)]


@pytest.fixture
def here(synthesised: Path, tmp_path: Path) -> Iterator[World]:
    """A fresh clone with a filled-in ``.env``, and an account."""
    with store(tmp_path, "prod") as url, world(tmp_path, synthesised, url) as made:
        place = made.place
        (tmp_path / "pod").mkdir()
        made.cluster.panel = PanelPod(tmp_path / "pod")
        for name in OF_MAKE:
            place.environment.pop(name, None)
        shutil.rmtree(place.folder)
        listed = subprocess.run(
            ["git", "ls-files", ":!tests", ":!docs"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for name in listed.stdout.split("\n")[:-1]:
            (place.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place.folder / name)
        set_up(place.folder)
        fill_in(place.folder, made)
        make_a_commit(place)
        folder = Path(place.environment[tools.NOTE])
        (token,) = made.cloud.account.tokens
        tools.install(folder, made.cloud.url, token, "cdktf")
        yield made


def set_up(folder: Path) -> None:
    """What `make setup` leaves, with the programs that are installed here."""
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for each in ("python", "gtc"):
        (programs / each).symlink_to(ROOT / ".venv" / "bin" / each)
    code = "from tools import bootstrap as b; b.stamp('dev').write_text(b.digest('dev'))"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def fill_in(folder: Path, made: World) -> None:
    """`cp .env.example .env`, and the secrets in it instead of in the shell."""
    (token,) = made.cloud.account.tokens
    text = (folder / ".env.example").read_text()
    for name, value in {**SECRETS, "DIGITALOCEAN_ACCESS_TOKEN": token}.items():
        text, found = re.subn(rf"^{name}=$", f"{name}={value}", text, flags=re.M)
        assert found == 1, name
        made.place.environment.pop(name, None)
    for name in ("GTC_UNTIL", "GTC_TAG", "GTC_TEST_STACKS"):
        made.place.environment.pop(name)
    made.place.environment["PYTHON"] = sys.executable
    (folder / ".env").write_text(text)


def type_in(here: World, block: str) -> tuple[int, str]:
    """Run a block in a shell on a terminal, and say yes to what it asks."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        ["bash", "-ec", block],
        cwd=here.place.folder,
        env=here.place.environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, b"y\n")
    try:
        said, _ = child.communicate(timeout=120)
    finally:
        os.close(ours)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    return child.returncode, COLOUR.sub("", said)


@pytest.mark.slow
@pytest.mark.timeout(580)
def test_every_command_of_the_page_works_in_its_order(here: World) -> None:
    typed = commands()
    assert len(typed) >= 15
    for block in typed:
        code, said = type_in(here, block)
        assert code == 0, f"{block}\n{said}"

    assert type_in(here, "make teardown ENV=prod FORCE=1")[0] == 0
    assert here.cloud.account.billable() == []
    assert here.cloud.account.vpcs == {}


def test_the_page_says_the_limits_that_hold() -> None:
    rows = dict(re.findall(r"^\| ([a-z ]+) \| [^|]+ \| ([^|]+) \|$", PAGE, re.M))
    waits = {"worker nodes": "gpu", "platform": "dynamo", "scalers": "keda"}
    for step in ("worker nodes", "platform", "workers", "scalers", "panel"):
        assert rows[step] == f"{DEADLINES_S[waits.get(step, step)] / 60:g} min", step
    assert rows["model"] == f"{JOB_S / 60:g} min for each of both"
