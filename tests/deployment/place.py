"""A checkout in a folder of its own, deployed by the real command line into the stand-in account.

Stacks are synthesised once and copied, with what a test wants different; everything else is what a
user runs, in processes of its own.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gtc_spec import names
from tests.digitalocean.server import Cloud
from tests.digitalocean.surroundings import HF_TOKEN, INFERENCE_KEY

ROOT = Path(__file__).parents[2]
SECRETS = {
    "HF_TOKEN": HF_TOKEN,
    "SPACES_ACCESS_KEY_ID": "test",
    "SPACES_SECRET_ACCESS_KEY": "test",
    "GRADIENT_API_KEY": INFERENCE_KEY,
}
MAIN = """import os, shutil
shutil.copytree(os.environ["GTC_TEST_STACKS"], "cdktf.out", dirs_exist_ok=True)
"""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said, both streams together and without colours."""

    code: int
    said: str


@dataclass
class Place:
    """The checkout and how to work in it.

    Attributes:
        folder: Its root.
        cloud: The account.
        stacks: Copy of what was synthesised; tests change it.
        environment: Of every command.
    """

    folder: Path
    cloud: Cloud
    stacks: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, cloud: Cloud, written: Path, tools: Mapping[str, str]) -> "Place":
        """Lay it out."""
        stacks = folder / "synthesised"
        shutil.copytree(written, stacks)
        checkout = folder / "checkout"
        checkout.mkdir()
        (checkout / "cdktf.json").write_text("{}")
        (checkout / "main.py").write_text(MAIN)
        (token,) = cloud.account.tokens
        clean = {name: value for name, value in os.environ.items() if _passes(name)}
        environment = {
            **clean,
            **SECRETS,
            **tools,
            "DIGITALOCEAN_API_URL": cloud.url,
            "DIGITALOCEAN_ACCESS_TOKEN": token,
            "GTC_TAG": "20261125-295cf13",
            "GTC_UNTIL": "2099-01-02T03:04:00+00:00",
            "GTC_TEST_STACKS": str(stacks),
            "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
            "HOME": str(folder),
        }
        return cls(checkout, cloud, stacks, environment)

    def gtc(self, *arguments: str, within_s: float = 150) -> Ran:
        """Run a command to its end."""
        child = self.start(*arguments)
        try:
            said, _ = child.communicate(timeout=within_s)
        except BaseException:
            kill(child)
            raise
        return Ran(child.returncode, COLOUR.sub("", said))

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command; it leads a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "gtc_cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def git(self, *arguments: str) -> None:
        """Let git do something in the checkout."""
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", *identity, *arguments]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def state(self, stack: str) -> dict[str, Any]:
        """A stack's state; empty without one."""
        path = self.folder / names.state_file(stack)
        text = path.read_text() if path.exists() else ""
        return dict(json.loads(text)) if text else {}

    def listed(self, stack: str) -> set[str]:
        """Types of what a stack's state lists."""
        found = self.state(stack).get("resources", [])
        return {each["type"] for each in found if each["mode"] == "managed" and each["instances"]}

    def change(self, stack: str, kind: str, **settings: Any) -> None:
        """Let every resource of a kind be synthesised with other settings."""
        path = self.stacks / "stacks" / stack / "cdk.tf.json"
        document = json.loads(path.read_text())
        for each in document["resource"][kind].values():
            each.update(settings)
        path.write_text(json.dumps(document))


def kill(child: "subprocess.Popen[str]", *, children: bool = True) -> None:
    """End a command at once, with everything that it started unless told otherwise."""
    for process in [child.pid, *(_descendants(child.pid) if children else ())]:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
    child.wait()


def _descendants(pid: int) -> list[int]:
    """Processes below one, the deepest first."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(each) for each in task.read_text().split()]
        except OSError:
            continue
        for each in children:
            found += [*_descendants(each), each]
    return found


def _passes(name: str) -> bool:
    return not name.startswith(("GTC_", "TF_VAR_", "DIGITALOCEAN_")) and name != "KUBECONFIG"
