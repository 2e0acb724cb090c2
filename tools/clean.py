"""Remove what can be made again: ``python3 tools/clean.py``. Keeps ``.venv`` and ``.env``.

Standard library only, because it must work after a broken installation. A Terraform state that
still lists resources is the only way to destroy them, so nothing is removed while there is one.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    ".gtc",
    ".grimp_cache",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".nicegui",
    ".pytest_cache",
    ".ruff_cache",
    "cdktf.out",
)
STATES = "terraform.*.tfstate*"


def main(root: Path = ROOT) -> int:
    """Remove it all, or nothing and say why not."""
    states = sorted(root.glob(STATES))
    for path in states:
        if path.suffix == ".tfstate" and (left := resources(path)) != "0":
            env = path.name.split(".")[1].rpartition("-")[2]
            print(f"error: nothing removed: {path.name} lists {left} resources", file=sys.stderr)
            print(f"hint: make teardown ENV={env}, then repeat", file=sys.stderr)
            return 1
    for folder in FOLDERS:
        shutil.rmtree(root / folder, ignore_errors=True)
    for path in states:
        path.unlink()
    return 0


def resources(path: Path) -> str:
    """How many resources a state lists; an unreadable one counts as full."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["resources"]
        return str(sum(len(each["instances"]) for each in listed if each["mode"] == "managed"))
    except (OSError, ValueError, KeyError, TypeError):
        return "an unknown number of"


if __name__ == "__main__":
    sys.exit(main())
