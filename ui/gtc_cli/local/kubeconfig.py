"""A kubeconfig of the deployed cluster, in a file of its own; yours is never touched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gtc_cli.local import child, image
from gtc_spec import names

LIFE_S: Final = 8 * 3600
"""How long the credentials in it last: a day at the booth. DigitalOcean's default is a week."""


def path(state_dir: Path, env: str) -> Path:
    """Where the kubeconfig of an environment is written."""
    return state_dir / f"kubeconfig-{env}"


def write(
    state_dir: Path, env: str, environment: Mapping[str, str], do_context: str, folder: Path
) -> Path:
    """Ask doctl for fresh credentials and write them for this user only.

    Args:
        state_dir: Folder of the file; made when it is not there.
        env: Name of the environment.
        environment: Of doctl.
        do_context: Its context.
        folder: Where it runs.

    Returns:
        The file, as an absolute path.

    Raises:
        GtcError: Doctl is missing, or does not find the cluster.
    """
    command = [image.doctl(), "kubernetes", "cluster", "kubeconfig", "show", names.DEMO]
    flags = ["--context", do_context, "--expiry-seconds", str(LIFE_S)]
    text = child.output([*command, *flags], folder=folder, environment=environment)
    target = path(state_dir, env).absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    # closed before it is filled: between a write and a chmod anybody could read it
    target.touch(mode=0o600)
    target.chmod(0o600)
    target.write_text(text, encoding="utf-8")
    return target
