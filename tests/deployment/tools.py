"""Docker and doctl for tests: programs on PATH that do to the stand-in account what they do to one.

Doctl reads its own credentials, which never pass through the product: here a note beside it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.deployment.http import Failed, ask
from tests.deployment.kube_client import KINDS

ROOT = Path(__file__).parents[2]
NOTE = "GTC_TEST_TOOLS"
"""Variable with the folder of the note and of what docker keeps."""


def install(folder: Path, url: str, token: str, *names: str) -> Mapping[str, str]:
    """Put programs into a folder; what their callers need in the environment."""
    from gtc_rehearsal.kube_api.resources import RESOURCES  # not for the programs: 1 s

    folder.mkdir(exist_ok=True)
    (folder / "note.json").write_text(json.dumps({"url": url, "token": token}))
    kinds = {each.kind: (each.api_version, each.plural, each.namespaced) for each in RESOURCES}
    (folder / KINDS).write_text(json.dumps(kinds))
    for name in names:
        program = folder / name
        lines = [
            f"#!{sys.executable}",
            "import sys",
            f"sys.path[:0] = {[str(ROOT), *sys.path]!r}",
            f"from tests.deployment import {MODULES[name]} as tool",
            f"sys.exit(tool.{name}(sys.argv[1:]))",
        ]
        program.write_text("\n".join(lines))
        program.chmod(0o755)
    node = shutil.which("node")
    places = [str(folder), "/usr/bin", "/bin", *([str(Path(node).parent)] if node else [])]
    return {NOTE: str(folder), "PATH": os.pathsep.join(places)}


MODULES = {
    "docker": "tools",
    "doctl": "tools",
    "kubectl": "tools",
    "cdktf": "tools",
    "terraform": "terraform",
}
"""Where each program is written."""


def doctl(arguments: list[str]) -> int:
    """`registry login` and `kubernetes cluster kubeconfig show`."""
    try:
        match arguments:
            case ["registry", "login", *_]:
                _ask("registry")
                return 0
            case ["version"]:
                sys.stdout.write("doctl version 1.154.0-release\n")
                return 0
            case ["account", "get", *_]:
                sys.stdout.write(json.dumps(_ask("account")["account"]))
                return 0
            case ["kubernetes", "cluster", "kubeconfig", "show", name, *_]:
                for each in _ask("kubernetes/clusters")["kubernetes_clusters"]:
                    if each["name"] == name:
                        sys.stdout.write(_ask(f"kubernetes/clusters/{each['id']}/kubeconfig"))
                        return 0
                raise Failed(f"no clusters found with name {name}")
    except Failed as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    sys.stderr.write(f"Error: unknown command {arguments}\n")
    return 1


def kubectl(_arguments: list[str]) -> int:
    """Only its version."""
    sys.stdout.write("Client Version: v1.34.1\n")
    return 0


def cdktf(arguments: list[str]) -> int:
    """`deploy` of stacks in their order: what the real one does with Terraform."""
    subprocess.run([sys.executable, "main.py"], check=True)
    for stack in arguments[1:]:
        at = f"-chdir=cdktf.out/stacks/{stack}"
        for verb in ("init", "apply"):
            subprocess.run(["terraform", at, verb], check=True)
    return 0


def docker(arguments: list[str]) -> int:
    """Pull, inspect, build and push; what was pushed is in the file ``pushed``."""
    folder = Path(os.environ[NOTE])
    match arguments:
        case ["version", *_]:
            sys.stdout.write('"28.2.2"')
            return 0
        case ["pull", "--quiet", _] | ["build", *_]:
            return 0
        case ["image", "inspect", *_, image]:
            sys.stdout.write(json.dumps([f"{image.partition(':')[0]}@sha256:{'0' * 64}"]))
            return 0
        case ["push", image]:
            with (folder / "pushed").open("a") as kept:
                kept.write(f"{image}\n")
            return 0
    sys.stderr.write(f"docker: unknown command {arguments}\n")
    return 1


def _ask(path: str) -> Any:
    note = json.loads((Path(os.environ[NOTE]) / "note.json").read_text())
    return ask("GET", f"{note['url']}/v2/{path}", token=note["token"])
