"""Secrets whose values reach neither the synthesised files nor Terraform's plan or state.

A value enters as an ephemeral variable (``TF_VAR_<name>``) and leaves through a write-only
attribute. This module must not read the environment: what Python reads, it writes down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from gtc_constructs._bindings import (
    Construct,
    Fn,
    SecretV1,
    SecretV1Metadata,
    TerraformResource,
    TerraformStack,
    TerraformVariable,
    Token,
)
from gtc_constructs.base import GtcConstruct, Ordered, held
from gtc_constructs.namespace import Place, settle_in
from gtc_constructs.providers import require_terraform
from gtc_constructs.terraform.ids import refuse_inherited
from gtc_spec import names
from gtc_spec.arguments import checked, introduce
from gtc_spec.errors import UsageError
from gtc_spec.manifests.secret_names import SecretName

REVISION: Final = "secrets_revision"
"""Variable to raise after a value changed: Terraform cannot see that it did."""
MADE_ONCE: Final = 1
"""Revision of what is made up: it never changes, or others that rotate would make it anew."""

_VARIABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret value that Python does not know. Make it with a class method.

    Attributes:
        token: A token of cdktf, never the value itself.
        made_up: Whether Terraform makes the value up, each time that it writes the Secret.
            Default: no.
        stack: The stack that has its variable; the value cannot leave it. Default: any.

    Raises:
        UsageError: A value was given as text.
    """

    token: str
    made_up: bool = False
    stack: TerraformStack | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not (isinstance(self.token, str) and Token.is_unresolved(self.token)):
            raise UsageError(
                "a secret was given as text, allowed: SecretRef.from_variable",
                "text ends up in the synthesised files",
            )

    def __repr__(self) -> str:
        """Without the content, whatever it is."""
        return "SecretRef()"

    @classmethod
    def made_once(cls) -> Self:
        """A value that Terraform makes up when it creates the Secret: 122 random bits.

        It stays for as long as the Secret does, whatever rotates beside it.
        """
        return cls(Fn.uuid(), made_up=True)

    @classmethod
    @checked
    def from_variable(cls, scope: Construct, name: str, *, description: str) -> Self:
        """The value of ``TF_VAR_<name>`` when Terraform runs; one variable a stack and name.

        Terraform shows ``description`` to whoever has not set it.

        Raises:
            UsageError: The name is none of a variable, or taken by something else.
        """
        stack = TerraformStack.of(scope)
        if not _VARIABLE.fullmatch(name):
            raise UsageError(
                f"{stack.node.path}: variable {name!r}, allowed: a letter, then A-Z, a-z, 0-9 and _"
            )
        refuse_inherited(stack.node.path, name)
        there = stack.node.try_find_child(name)
        if isinstance(there, TerraformVariable):
            return cls(there.string_value, stack=stack)
        if there is not None:
            raise UsageError(
                f"{there.node.path} is no variable, allowed: another name than {name!r}"
            )
        require_terraform(scope)
        variable = TerraformVariable(
            stack, name, type="string", sensitive=True, nullable=False, description=description
        )
        variable.add_override("ephemeral", True)
        return cls(variable.string_value, stack=stack)


introduce(
    SecretRef,
    "a SecretRef",
    "SecretRef.from_variable is read when Terraform runs; text would end up in files and state",
    secret=True,
)


class WorkloadSecrets(GtcConstruct):
    """Kubernetes Secrets of one namespace, filled from variables.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        namespace: Where the Secrets are created: a `DynamoPlatform` for its workload namespace,
            a `Namespace`, or the name of one that exists.
        secrets: Name of a Secret to its keys and values.
        after: What must be there first; a namespace of ours always is. Default: nothing.

    Raises:
        UsageError: There are none, one has no keys, one mixes values that are made up with
            others, or takes the variable of another stack.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        namespace: Place,
        secrets: Mapping[str, Mapping[str, SecretRef]],
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.namespace = settle_in(self, namespace)
        if not secrets or not all(secrets.values()):
            raise self.refused("got a secret without keys, allowed: at least one key each")
        require_terraform(self)
        self.secrets = {name: self._secret(name, keys) for name, keys in secrets.items()}
        """The resources by name."""
        self._keys = {name: frozenset(keys) for name, keys in secrets.items()}

    @held
    def holding(self, key: str) -> str | None:
        """Name of the Secret that has this key; None when none has."""
        return next((name for name, keys in self._keys.items() if key in keys), None)

    @classmethod
    @checked
    def from_names(
        cls,
        scope: Construct,
        id: str,
        *,
        namespace: Place,
        secrets: Iterable[SecretName],
        made_once: Iterable[SecretName] = (),
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> Self:
        """Secrets whose every key comes from the variable that is named after it.

        Those of ``made_once`` come from nowhere: their values are made up with them.
        """
        filled = {
            secret.name: {
                key: SecretRef.from_variable(
                    scope,
                    names.terraform_variable(key),
                    description=f"{key} of the secret {secret.name}",
                )
                for key in secret.keys
            }
            for secret in secrets
        }
        made = {each.name: dict.fromkeys(each.keys, SecretRef.made_once()) for each in made_once}
        return cls(scope, id, namespace=namespace, secrets=filled | made, after=after)

    def _secret(self, name: str, keys: Mapping[str, SecretRef]) -> SecretV1:
        self.require_name("secret", name, 253)
        refuse_inherited(self.node.path, name)
        self._refuse_foreign(name, keys)
        self.require_unique(f"Secret {name} in namespace {self.namespace}")
        return SecretV1(
            self,
            name,
            metadata=SecretV1Metadata(name=name, namespace=self.namespace),
            data_wo={key: value.token for key, value in keys.items()},
            # without a revision the secret is created empty
            data_wo_revision=MADE_ONCE if self._made_up(name, keys) else _revision(self),
            depends_on=self.depends_on,
        )

    def _refuse_foreign(self, name: str, keys: Mapping[str, SecretRef]) -> None:
        ours = TerraformStack.of(self)
        for key, value in keys.items():
            if value.stack is not None and value.stack is not ours:
                raise self.refused(
                    f"{key} of the secret {name} is a variable of the stack "
                    f"{value.stack.node.path}, allowed: one of {ours.node.path}",
                    "SecretRef.from_variable with this stack: an ephemeral value cannot leave its "
                    "own, and TF_VAR_<name> may be the same for both",
                )

    def _made_up(self, name: str, keys: Mapping[str, SecretRef]) -> bool:
        made_up = {value.made_up for value in keys.values()}
        if len(made_up) > 1:
            raise self.refused(
                f"secret {name} mixes values that are made up with others, allowed: one kind",
                "writing the others again would make up new ones",
            )
        return made_up == {True}


introduce(WorkloadSecrets, "WorkloadSecrets", secret=True)


def _revision(scope: Construct) -> float:
    stack = TerraformStack.of(scope)
    there = stack.node.try_find_child(REVISION)
    if isinstance(there, TerraformVariable):
        return there.number_value
    return TerraformVariable(
        stack,
        REVISION,
        type="number",
        default=1,
        description="raise it after a secret changed, or the old value stays in the cluster",
    ).number_value
