"""Builds and pushes the image of panel, guardian and model jobs with docker."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gtc_cli.local import checkout, child
from gtc_cli.local.variables import Variables, without_secrets
from gtc_spec.errors import GtcError

BASE: Final = "python:3.11-slim-bookworm"
"""What the image stands on: the Python that the requirements are pinned for, on Debian 12."""
DOCKER_HINT: Final = "install docker, see docs.docker.com/engine/install"
PULL_S: Final = 600.0


def name_here() -> str:
    """Whole name of our image for this checkout and these choices."""
    folder = checkout.root()
    return checkout.image(Variables.read(os.environ, folder).chosen, folder)


def build(image: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Build the image on the newest base and name its digest in it.

    Args:
        image: Its whole name.
        folder: Root of the checkout.
        environment: Of docker; it needs none of our secrets.

    Raises:
        GtcError: Docker is missing, does not answer or fails.
    """
    docker = child.find("docker", DOCKER_HINT)
    base = _pinned_base(docker, folder, environment)
    command = [docker, "build", "--build-arg", f"BASE={base}", "--tag", image, "."]
    child.run(command, folder=folder, environment=environment)


def push(image: str, folder: Path, environment: Mapping[str, str], do_context: str) -> None:
    """Log in to the registry and push the image.

    Raises:
        UsageError: The checkout differs from the commit that the tag names.
        GtcError: Docker or doctl is missing or fails.
    """
    checkout.refuse_changes(folder)
    docker = child.find("docker", DOCKER_HINT)
    log_in(folder, environment, do_context)
    child.run([docker, "push", image], folder=folder, environment=environment)


def log_in(folder: Path, environment: Mapping[str, str], do_context: str) -> None:
    """Give docker an hour of access to the registry, by doctl.

    Raises:
        GtcError: Doctl is missing or refuses.
    """
    command = [doctl(), "registry", "login", "--context", do_context, "--expiry-seconds", "3600"]
    child.output(command, folder=folder, environment=environment)


def doctl() -> str:
    """Path of doctl."""
    return child.find(
        "doctl", "install doctl and run `doctl auth init --context solutions`, or set DO_CONTEXT"
    )


def _pinned_base(docker: str, folder: Path, environment: Mapping[str, str]) -> str:
    """The base by its digest, so that the image says exactly what it stands on."""
    child.output(
        [docker, "pull", "--quiet", BASE],
        folder=folder,
        environment=environment,
        deadline_s=PULL_S,
    )
    form = "{{json .RepoDigests}}"
    said = child.output(
        [docker, "image", "inspect", "--format", form, BASE],
        folder=folder,
        environment=environment,
    )
    digests = json.loads(said)
    if not digests:
        raise GtcError(f"docker knows no digest of {BASE}", f"docker pull {BASE}, then repeat")
    return str(digests[0])


def environment() -> dict[str, str]:
    """What docker and doctl get: everything but our secrets."""
    return without_secrets(os.environ)
