"""What the architecture tests look at: the files of the repository, committed or about to be."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("constructs", "dashboards", "gtc_runtime", "rehearsal", "ui")


@cache
def files() -> tuple[Path, ...]:
    """Every file that is tracked or would be, as absolute paths."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return tuple(path for name in sorted(listed) if name and (path := ROOT / name).is_file())


def name_of(path: Path) -> str:
    """The path as it is written in messages."""
    return str(path.relative_to(ROOT))


def product_code() -> list[Path]:
    """Python of the product: no tests, no tools."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PRODUCT
    ]


def texts() -> list[tuple[str, str]]:
    """Name and text of every file that is text."""
    found = []
    for path in files():
        data = path.read_bytes()
        if b"\0" not in data:
            found.append((name_of(path), data.decode("utf-8")))
    return found
