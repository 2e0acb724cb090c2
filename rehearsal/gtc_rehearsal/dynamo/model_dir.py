"""A model as a directory that Dynamo's processes can read: made of given files, or a checkpoint.

This module must not know Dynamo's processes.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gtc_spec.engines.mocker import model_files
from gtc_spec.errors import GtcError


def ensure_model_dir(
    root: Path, served_name: str, files: Mapping[str, bytes] | None = None
) -> Path:
    """Make the model directory, or reuse the one that holds the same files.

    The directory is `root/<fingerprint>/<served_name>`: Dynamo's frontend takes a served name for
    a path below its working directory, so it has to run in the directory's `working_dir`.

    Args:
        root: Where directories are kept; made when absent.
        served_name: Name such as "org/model"; becomes the last parts of the path.
        files: Name and content of everything in it. Default: the simulated model.

    Returns:
        The directory.

    Raises:
        GtcError: The directory cannot be written.
    """
    files = model_files() if files is None else files
    home = root / _fingerprint(files)
    directory = home / served_name
    if _complete(directory, files):
        return directory
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".making-", dir=home))
        for name, content in files.items():
            (scratch / name).write_bytes(content)
        _publish(scratch, directory, files)
    except OSError as error:
        raise GtcError(
            f"cannot write the model directory {directory}: {error.strerror or error}",
            "choose another place with GTC_STATE_DIR",
        ) from error
    return directory


def linked_model_dir(root: Path, served_name: str, checkpoint: Path) -> Path:
    """Make the served name a path to a checkpoint that lies elsewhere.

    Args:
        root: Where the path begins; made when absent.
        served_name: Name such as "org/model".
        checkpoint: Folder of the checkpoint.

    Returns:
        The path, which ends in the served name.

    Raises:
        GtcError: It cannot be made.
    """
    link = root / "checkpoint" / served_name
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(checkpoint.resolve(), target_is_directory=True)
    except OSError as error:
        raise GtcError(
            f"cannot make {link}: {error.strerror or error}",
            "choose another place with GTC_STATE_DIR",
        ) from error
    return link


def working_dir(model_dir: Path, served_name: str) -> Path:
    """The directory in which the served name is a path to `model_dir`."""
    return model_dir.parents[len(Path(served_name).parts) - 1]


def _fingerprint(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:12]


def _publish(scratch: Path, directory: Path, files: Mapping[str, bytes]) -> None:
    """Move a finished directory into place, unless another process was faster."""
    if not _complete(directory, files):
        shutil.rmtree(directory, ignore_errors=True)
        with contextlib.suppress(OSError):
            scratch.rename(directory)
            return
    shutil.rmtree(scratch, ignore_errors=True)
    if not _complete(directory, files):
        raise OSError(f"{directory} is in the way")


def _complete(directory: Path, files: Mapping[str, bytes]) -> bool:
    return all((directory / name).is_file() for name in files)
