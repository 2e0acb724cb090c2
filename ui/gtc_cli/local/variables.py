"""Which variables a deployment needs, what each is for, and who gets to see them.

Values are read from the process and from ``.env``, in this order, and are never printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

from gtc_runtime import choices, settings
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.manifests.secret_names import HF_TOKEN, SECRETS

DO_TOKEN: Final = "DIGITALOCEAN_ACCESS_TOKEN"  # noqa: S105 - a name
STACK_SECRETS: Final = tuple(key for secret in SECRETS for key in secret.keys)
"""What the cluster stack puts into Kubernetes secrets."""

Part = Literal["infra", "cluster"]
NEEDED: Final[Mapping[Part, tuple[str, ...]]] = {
    "infra": (DO_TOKEN,),
    "cluster": (DO_TOKEN, *STACK_SECRETS),
}
"""What each stack cannot do without, in any environment."""


def needed(part: Part, env: Environment) -> tuple[str, ...]:
    """What one stack of an environment cannot do without.

    A checkpoint may be gated; where none is stored, nobody needs the token of its hub.
    """
    keys = NEEDED[part]
    return keys if env.hosting.share else tuple(key for key in keys if key not in HF_TOKEN.keys)


def terraform_name(key: str) -> str:
    """Variable by which Terraform is told a secret, such as ``TF_VAR_hf_token``."""
    return f"TF_VAR_{names.terraform_variable(key)}"


ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    # the provider reads both names, the short one first
    DO_TOKEN: (DO_TOKEN, "DIGITALOCEAN_TOKEN"),
    **{key: (key, terraform_name(key)) for key in STACK_SECRETS},
}
"""Every name under which a variable may be given."""


class Variables(choices.Variables):
    """The variables of a deployment, secrets among them."""

    @classmethod
    def read(cls, process: Mapping[str, str], folder: Path) -> Variables:
        """The variables of a process and of the ``.env`` file in a folder.

        Raises:
            UsageError: The file cannot be read.
        """
        found = choices.variables(process, folder)
        return cls(found.process, found.file)

    def secrets(self, needed: Iterable[str]) -> dict[str, str]:
        """The values of these variables.

        Args:
            needed: Names out of `ALIASES`.

        Raises:
            UsageError: Some are missing, contradict each other or are badly written; all of them
                are listed, one a line, with what each is for and without their values.
        """
        found, problems = self.known(needed)
        if problems:
            told = "\n".join(problems.values())
            raise UsageError(told, "copy .env.example to .env and fill it in")
        return found

    def known(self, needed: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """The values of the variables that are well, and what is wrong with the others.

        Args:
            needed: Names out of `ALIASES`.
        """
        found, problems = {}, {}
        for name in needed:
            given = self._given(name)
            wrong = _problem(name, given)
            if wrong:
                problems[name] = wrong
            else:
                found[name] = next(iter(given.values()))
        return found, problems

    def _given(self, name: str) -> dict[str, str]:
        """The names under which a variable is given in the first place that gives any."""
        for place in (self.process, self.file):
            given = {alias: place[alias] for alias in ALIASES[name] if alias in place}
            if given:
                return given
        return {}


def for_terraform(secrets: Mapping[str, str]) -> dict[str, str]:
    """What a child that runs Terraform must have in its environment to read these secrets."""
    told = {terraform_name(key): secrets[key] for key in STACK_SECRETS if key in secrets}
    if DO_TOKEN in secrets:
        # both names: an older value under the one that wins must not come through
        told |= dict.fromkeys(ALIASES[DO_TOKEN], secrets[DO_TOKEN])
    return told


def without_secrets(process: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child that needs none of our secrets."""
    hidden = {alias for aliases in ALIASES.values() for alias in aliases}
    return {name: value for name, value in process.items() if name not in hidden}


def _problem(name: str, given: Mapping[str, str]) -> str:
    purpose = settings.PURPOSES[name]
    if not given:
        return f"{' or '.join(_own_names(name))} is not set: {purpose}"
    for alias, value in given.items():
        if value != value.strip() or value.strip("'\"") != value:
            return f"{alias} has blanks or quotes around its value: {purpose}"
        if not value.isprintable():
            return f"{alias} holds characters that cannot be printed: {purpose}"
    if len(set(given.values())) > 1:
        return f"{' and '.join(given)} differ: set one of them; {purpose}"
    return ""


def _own_names(name: str) -> tuple[str, ...]:
    """The names that a person sets; the ones for Terraform follow from them."""
    return tuple(alias for alias in ALIASES[name] if not alias.startswith("TF_VAR_"))
