"""What was chosen for a deployment, and the environment that comes of it: one rule for everybody.

A flag wins over a ``GTC_*`` variable, that over the ``.env`` file, that over the TOML of the
environment. Every verb, both stacks, the rehearsal and the panel ask here, so that what is deployed
and what a verb expects are made of the same choices. It must not know where anything answers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gtc_spec import overrides
from gtc_spec.cloud import bill, images
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.manifests.panel import panel_choices

DEFAULT_ENV: Final = "prod"
CHECKOUT: Final = "cdktf.json"
"""A folder that holds this file is the root of a checkout."""
CHOICES: Final[Mapping[str, str]] = {
    name: purpose
    for part in (overrides.CHOICES, panel_choices.CHOICES)
    for name, (purpose, _) in part.items()
} | images.CHOICES
"""Every choice of a deployment: variable and what it says."""
_UNTIL: Final = "GTC_UNTIL"


@dataclass(frozen=True)
class Variables:
    """Variables by where they come from; an empty value counts as not set.

    Attributes:
        process: Of this process.
        file: Of ``.env``; the process wins.
    """

    process: Mapping[str, str]
    file: Mapping[str, str]

    def get(self, name: str) -> str:
        """The value of one variable, empty when it is not set."""
        return self.process.get(name) or self.file.get(name, "")

    @property
    def env(self) -> str:
        """Name of the environment."""
        return self.get("GTC_ENV") or DEFAULT_ENV

    @property
    def chosen(self) -> dict[str, str]:
        """The choices that were made.

        Raises:
            UsageError: The end date of ``.env`` moves with the clock, or is none.
        """
        made = {name: value for name in CHOICES if (value := self.get(name).strip())}
        if _UNTIL in made:
            made[_UNTIL] = self._end(made[_UNTIL]).isoformat()
        return made

    def _end(self, text: str) -> datetime:
        moves = text.startswith("+")
        if moves and not self.process.get(_UNTIL):
            raise UsageError(
                f"{_UNTIL} in .env is {text!r}, allowed there: a date with its zone",
                f"a span would begin anew with every command; from here it would be "
                f"{bill.parse_until(text, datetime.now(UTC)).isoformat()}",
            )
        return bill.parse_until(text, datetime.now(UTC))


def variables(process: Mapping[str, str] | None = None, start: Path | None = None) -> Variables:
    """The variables of this process and of its ``.env``.

    Args:
        process: Variables of the process. Default: of this one.
        start: Where to look for ``.env``, see `env_file`. Default: where this process runs.

    Raises:
        UsageError: The file cannot be read.
    """
    return Variables(_filled(os.environ if process is None else process), _read(env_file(start)))


def environment(
    name: str | None = None, phases: str | None = None, given: Variables | None = None
) -> Environment:
    """An environment with what was chosen.

    Args:
        name: Which; None takes what was chosen.
        phases: Phase table; None takes the environment's own.
        given: Variables. Default: those of this process.

    Raises:
        UsageError: A choice is not one of what is allowed.
        ConfigError: The environment breaks a rule with these choices.
    """
    given = given or variables()
    return overrides.load_with(
        name or given.env, given.chosen, {"phases": phases} if phases else None
    )


def env_file(start: Path | None = None) -> Path | None:
    """The ``.env`` that counts in a folder: its own, else that of the checkout around it."""
    here = (start or Path.cwd()).resolve()
    root = next((each for each in (here, *here.parents) if (each / CHECKOUT).is_file()), here)
    return next((path for path in (here / ".env", root / ".env") if path.is_file()), None)


def _read(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    from dotenv import dotenv_values  # not in the extra `load`; only for who has such a file

    try:
        return _filled(dotenv_values(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None


def _filled(given: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in given.items() if value and value.strip()}
