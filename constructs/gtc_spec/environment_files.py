"""The files that environments are read from: which there are, and what one takes from another.

A file may take whole top-level keys from another one (``[inherit]``, file to list of keys), so that
two environments which show the same show state it once. This module must not know what keys mean.
"""

from __future__ import annotations

import difflib
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Final

from gtc_spec.errors import ConfigError, Problem, UsageError

_FOLDER: Final = resources.files("gtc_spec") / "environments"
ENVIRONMENTS: Final = tuple(
    sorted(
        file.name.removesuffix(".toml") for file in _FOLDER.iterdir() if file.name.endswith(".toml")
    )
)
"""Every environment, by its file; everything that treats each of them iterates over this."""


def read(name: str, path: Path | None = None) -> tuple[str, dict[str, Any]]:
    """Name and content of the file of an environment, with what it takes from others filled in.

    Args:
        name: One of `ENVIRONMENTS`.
        path: Another file to read instead of the packaged one.

    Raises:
        UsageError: There is no such environment, or the file is not TOML.
        ConfigError: It takes what is not there, or what it has itself.
    """
    if name not in ENVIRONMENTS:
        close = difflib.get_close_matches(name, ENVIRONMENTS, n=1, cutoff=0.4)
        raise UsageError(
            f"unknown environment {name!r}, allowed: {', '.join(ENVIRONMENTS)}",
            f"did you mean {close[0]}?" if close else "",
        )
    file = f"environments/{name}.toml" if path is None else str(path)
    data = _parse(file, path or name)
    problems = []
    for base, keys in _inherited(file, data.pop("inherit", {})):
        theirs = _parse(f"environments/{base}.toml", base) if base in ENVIRONMENTS else {}
        for key in keys:
            if key not in theirs:
                problems.append(Problem(file, f"inherit.{base}", key, f"a key of {base}.toml"))
            elif key in data:
                problems.append(Problem(file, key, "given twice", f"here or taken from {base}"))
            else:
                data[key] = theirs[key]
    if problems:
        raise ConfigError(problems)
    return file, data


def parse(path: Path) -> dict[str, Any]:
    """The content of a TOML file that is no whole environment.

    Raises:
        UsageError: It cannot be read, or is not TOML.
    """
    return _parse(str(path), path)


def _inherited(file: str, table: Any) -> list[tuple[str, list[str]]]:
    """From which file which keys are taken."""
    told = table.items() if isinstance(table, dict) else [("", table)]
    for base, keys in told:
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            key = f"inherit.{base}".removesuffix(".")
            raise ConfigError([Problem(file, key, repr(keys)[:80], "a list of keys")])
    return list(told)


def _parse(file: str, source: Path | str) -> dict[str, Any]:
    try:
        found = source if isinstance(source, Path) else _FOLDER / f"{source}.toml"
        return tomllib.loads(found.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is not valid toml: {str(error).lower()}") from None
    except RecursionError:
        raise UsageError(f"{file} is not valid toml: nested too deeply") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}: {error}") from None
