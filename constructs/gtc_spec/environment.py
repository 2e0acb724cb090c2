"""Environments, loaded: the values of a file, with choices laid over them, checked by every rule.

Values live in ``environments/*.toml``, one file each; this module reads one, applies overrides and
reports every broken rule at once. It must not know Kubernetes, Terraform or the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gtc_spec import rules
from gtc_spec.environment_files import ENVIRONMENTS as ENVIRONMENTS
from gtc_spec.environment_files import read
from gtc_spec.errors import ConfigError, Problem
from gtc_spec.facts import Environment as Environment

_IN_KINDS = ("nodes", "engine")
"""Tables whose keys depend on one of them."""


def load(
    name: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    path: Path | None = None,
) -> Environment:
    """Read an environment and check every rule.

    Args:
        name: One of `ENVIRONMENTS`.
        overrides: Dotted key to value, such as ``{"phases": "plan", "model.repository": "a/b"}``.
        path: Another TOML file to read instead of the packaged one.

    Raises:
        UsageError: There is no such environment, or the file is not TOML.
        ConfigError: One or more rules are broken; all of them are listed.
    """
    file, data = read(name, path)
    for key, value in (overrides or {}).items():
        _put(file, data, key, value)
    try:
        environment = Environment.model_validate(data)
    except ValidationError as error:
        # what would follow from a value that is wrong itself is no problem of its own
        found = [each for each in error.errors() if each["type"] != "default_factory_not_called"]
        raise ConfigError([_problem(file, each) for each in found]) from None
    problems = rules.check(environment, file)
    if problems:
        raise ConfigError(problems)
    return environment


def _put(file: str, data: dict[str, Any], dotted: str, value: Any) -> None:
    *parents, last = dotted.split(".")
    for parent in parents:
        data = data.setdefault(parent, {})
        if not isinstance(data, dict):
            raise ConfigError([Problem(file, dotted, repr(value), f"'{parent}' is not a table")])
    data[last] = value


def _problem(file: str, error: Any) -> Problem:
    table, *rest = error["loc"] or ("",)
    # of a table that comes in kinds, pydantic names the kind too, which nobody wrote as a key
    path = [table, *rest[1:]] if table in _IN_KINDS and len(rest) > 1 else [table, *rest]
    key = ".".join(str(part) for part in path)
    value = error.get("input")
    shown = "nothing" if error["type"] == "missing" else repr(value)[:80]
    # only its first letter: what is allowed is told as it has to be written
    allowed = error["msg"].removeprefix("Value error, ")
    return Problem(file, key, shown, allowed[:1].lower() + allowed[1:])
