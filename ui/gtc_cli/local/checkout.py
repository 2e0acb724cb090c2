"""The checkout that a deployment comes from: where it is, which commit, and the image of that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gtc_cli.local import child
from gtc_spec.cloud import images
from gtc_spec.errors import UsageError

MARK: Final = "cdktf.json"
"""A folder that holds this file and main.py is the root of a checkout."""


def root(start: Path | None = None) -> Path:
    """The root of the checkout around a folder.

    Args:
        start: The folder. Default: where this process runs.

    Raises:
        UsageError: There is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / MARK).is_file() and (folder / "main.py").is_file():
            return folder
    raise UsageError(f"no checkout of gtc-demo: neither {here} nor a folder above has {MARK}")


def tag(folder: Path) -> str:
    """``YYYYMMDD-<short sha>`` of the commit that is checked out.

    Raises:
        GtcError: There is no commit, or git does not answer.
    """
    sha, seconds = _git(folder, "log", "-1", "--format=%H %ct").split()
    return images.tag(datetime.fromtimestamp(int(seconds), UTC), sha)


def image(variables: Mapping[str, str], folder: Path) -> str:
    """The image that belongs to this checkout, or the one that the variables name instead.

    Args:
        variables: Such as ``os.environ``: ``GTC_TAG`` and ``GTC_REGISTRY``; empty means not set.
        folder: Root of the checkout; without ``GTC_TAG`` it must be one of git.

    Raises:
        UsageError: Tag or registry cannot be part of an image name.
        GtcError: There is no commit, or git does not answer.
    """
    chosen = variables.get("GTC_TAG") or tag(folder)
    return images.reference(chosen, variables.get("GTC_REGISTRY") or images.REGISTRY)


def refuse_changes(folder: Path) -> None:
    """Refuse a checkout whose files differ from its commit, because the tag names the commit.

    Raises:
        UsageError: Files were changed, added or removed; the first ones are named.
        GtcError: Git does not answer.
    """
    changed = _git(folder, "status", "--porcelain").splitlines()
    if changed:
        named = ", ".join(line[3:] for line in changed[:3])
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise UsageError(
            f"not pushed: {named}{more} differ from the commit that the tag names",
            "commit or remove them, or build only with make build-loadgen",
        )


def _git(folder: Path, *arguments: str) -> str:
    git = child.find("git", "install git")
    command = [git, "-c", f"safe.directory={folder}", "-C", str(folder), *arguments]
    return child.output(command, folder=folder)
