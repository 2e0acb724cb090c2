"""What is deployed, as far as Terraform's local state knows."""

from __future__ import annotations

import json
from pathlib import Path

from gtc_spec import names
from gtc_spec.environment import ENVIRONMENTS
from gtc_spec.errors import UsageError


def resources(folder: Path, stack: str) -> int:
    """How many resources a stack has, by its state file; 0 without one.

    Raises:
        UsageError: The file is there and cannot be read as a state.
    """
    path = folder / names.state_file(stack)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        listed = document["resources"]
        return sum(len(each["instances"]) for each in listed if each["mode"] == "managed")
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path.name} is not a terraform state: {error}",
            f"{path.name}.backup holds the one before; do not delete it while anything runs",
        ) from None


def refuse_other_environment(folder: Path, env: str) -> None:
    """Both environments have the cluster's name, so only one of them lives at a time.

    Raises:
        UsageError: The other one is deployed from this checkout.
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
