"""What is deployed, as far as Terraform's local state knows."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gtc_spec import foreign_json, names
from gtc_spec.environment import ENVIRONMENTS
from gtc_spec.errors import GtcError, UsageError

FREE_S: Final = 4500.0
"""Longest wait for a Terraform that outlived its command: its longest step and a reserve."""
POLL_INTERVAL_S: Final = 1.0


def resources(folder: Path, stack: str) -> int:
    """How many resources a stack has, by its state file; 0 without one.

    Raises:
        UsageError: The file is there and cannot be read as a state.
    """
    return len(addresses(folder, stack))


def addresses(folder: Path, stack: str) -> tuple[str, ...]:
    """Addresses of a stack's resources, such as ``digitalocean_vpc.network``; none without a file.

    Raises:
        UsageError: The file is there and cannot be read as a state.
    """
    return tuple(
        f"{each.get('type')}.{each.get('name')}"
        for each in _managed(folder, stack)
        for _ in each["instances"]
    )


def is_ours(folder: Path, stack: str) -> bool:
    """Whether this checkout deployed a stack: its state lists something, or was cut short."""
    path = folder / names.state_file(stack)
    if broken(folder, stack).exists() or (path.exists() and not path.stat().st_size):
        return True
    try:
        return resources(folder, stack) > 0
    except UsageError:
        return True


def ids(folder: Path, stack: str, kind: str) -> tuple[str, ...]:
    """Ids of a stack's resources of one Terraform type; none that a state does not say.

    Raises:
        UsageError: The file is there and cannot be read as a state.
    """
    found = [
        (instance.get("attributes") or {}).get("id")
        for each in _managed(folder, stack)
        if each.get("type") == kind
        for instance in each["instances"]
    ]
    return tuple(str(each) for each in found if each)


def wait_until_free(
    folder: Path,
    stack: str,
    log: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait for a Terraform that still works on a stack, such as that of a command that was killed.

    Raises:
        GtcError: It did not end in time.
    """
    path = folder / names.state_file(stack)
    give_up = clock() + FREE_S
    told = False
    while _is_locked(path):
        if not told:
            log(f"terraform of an earlier run still works on {path.name}; waiting for its end")
            told = True
        if clock() >= give_up:
            raise GtcError(
                f"terraform still works on {path.name} after {FREE_S:.0f} s",
                "look for it with `ps -C terraform`, and end it with one SIGINT",
            )
        sleep(POLL_INTERVAL_S)


def set_aside_if_broken(folder: Path, stack: str, log: Callable[[str], None]) -> None:
    """Make way for a new state where a kill has cut the old one short.

    What it listed is found in the account and the cluster again.
    """
    path = folder / names.state_file(stack)
    try:
        _managed(folder, stack)
    except UsageError:
        path.replace(broken(folder, stack))
        log(f"{path.name} was cut short; kept as {broken(folder, stack).name}")


def broken(folder: Path, stack: str) -> Path:
    """Where a state that was cut short is kept."""
    return folder / f"{names.state_file(stack)}.broken"


def drop(folder: Path, stack: str) -> None:
    """Forget a stack of which nothing is left; the file is kept beside under another name."""
    path = folder / names.state_file(stack)
    if path.exists():
        path.replace(path.with_name(f"{path.name}.dropped"))
    broken(folder, stack).unlink(missing_ok=True)


def refuse_other_environment(folder: Path, env: str) -> None:
    """Environments have the cluster's name in common, so only one of them lives at a time.

    Raises:
        UsageError: Another one is deployed from this checkout.
    """
    for other in ENVIRONMENTS:
        if other == env:
            continue
        for stack in (names.cluster_stack(other), names.infra_stack(other)):
            found = resources(folder, stack)
            if found:
                raise UsageError(
                    f"{stack} is deployed ({found} resources in {names.state_file(stack)}); "
                    f"{other} and {env} share the name {names.DEMO}",
                    f"make teardown ENV={other}, then repeat",
                )


def _managed(folder: Path, stack: str) -> list[dict[str, Any]]:
    path = folder / names.state_file(stack)
    try:
        text = path.read_text(encoding="utf-8")
        if not text:  # as Terraform reads it: nothing yet
            return []
        found = [each for each in foreign_json.read(text)["resources"] if each["mode"] == "managed"]
        return [each for each in found if isinstance(each["instances"], list)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path.name} is not a terraform state: {error}",
            f"{path.name}.backup holds the one before; do not delete it while anything runs",
        ) from None


def _is_locked(path: Path) -> bool:
    """Whether a process holds the lock that Terraform takes on a local state."""
    try:
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True
