"""``make dist``: build both distributions, check them, and use the constructs from their wheel.

``python -m tools.distributions [VERSION ...]`` builds into ``.gtc/dist/files``; each version of
Python that gtc-constructs names and this machine has (or that is asked for) installs the wheel into
an environment of its own, imports every public name and synthesises every example. Whether all of
them write the same is told. It exits 1 when anything fails.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from gtc_spec import versions
from tools.distributions import pythons
from tools.distributions.pythons import PINS, ROOT, WORK

FILES: Final = WORK / "files"
FOLDERS: Final = (ROOT, ROOT / "constructs")
TOOLS: Final = ROOT / "requirements" / "dist.txt"
SEVERAL_PACKAGES: Final = "W009"
"""Of check-wheel-contents: more than one top level. Ours all begin with gtc_; a test holds that."""


def main(wanted: list[str]) -> int:
    """Build, check, try."""
    shutil.rmtree(FILES, ignore_errors=True)
    python = pythons.environment("tools", Path(sys.executable), ["-r", TOOLS])
    _check_tag()
    for folder in FOLDERS:
        _run(python, "-m", "build", "--no-isolation", "-o", FILES, folder)
    built = sorted(FILES.iterdir())
    wheels = [each for each in built if each.suffix == ".whl"]
    _run(python, "-m", "twine", "check", "--strict", *built)
    _run(python.with_name("check-wheel-contents"), "--ignore", SEVERAL_PACKAGES, *wheels)
    return try_out(wanted or pythons.supported())


def try_out(wanted: list[str], names: list[str] | None = None) -> int:
    """Use the wheel with each of these versions; 1 when one fails or writes something else."""
    names = names or sorted(each.stem for each in (ROOT / "examples").glob("*.py"))
    told: dict[str, dict[str, str]] = {}
    for version in wanted:
        python = pythons.find(version)
        if python is None:
            print(f"python {version}: not on this machine, not tried")
            continue
        try:
            told[version] = _tried(version, python, names)
        except subprocess.CalledProcessError as error:
            print(f"python {version}: {error}")
            return 1
        print(f"python {version}: every public name, {len(names)} examples synthesised")
    different = {name for name in names if len({each[name] for each in told.values()}) > 1}
    if different:
        print(f"not the same with every python: {', '.join(sorted(different))}")
    return 1 if different else 0


def _tried(version: str, python: Path, names: list[str]) -> dict[str, str]:
    """What each example wrote, as a sum."""
    [wheel] = FILES.glob("gtc_constructs-*.whl")
    inside = pythons.environment(f"python-{version}", python, ["-c", PINS, wheel])
    place = WORK / f"try-{version}"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(ROOT / "examples", place / "examples")
    program = shutil.copy(Path(__file__).with_name("try_out.py"), place)
    done = subprocess.run(
        [inside, "-I", program, place / "examples", place / "out", *names],
        cwd=place, check=True, stdout=subprocess.PIPE, text=True, timeout=pythons.WAIT_S,
    )  # fmt: skip
    sums: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return sums


def _check_tag() -> None:
    """A commit with a tag of a version is that version, and its changelog has a date.

    Raises:
        SystemExit: It is not.
    """
    asked = ["git", "tag", "--points-at", "HEAD", "v*"]
    tags = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    dated = f"## [{versions.GTC}] - 2" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if tags and (tags.split() != [f"v{versions.GTC}"] or not dated):
        raise SystemExit(
            f"this commit is tagged {' '.join(tags.split())}, allowed: v{versions.GTC}, with its "
            "date in CHANGELOG.md"
        )


def _run(*command: str | Path) -> None:
    subprocess.run([str(each) for each in command], check=True, timeout=pythons.WAIT_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
