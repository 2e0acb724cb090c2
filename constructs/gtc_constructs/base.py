"""What every construct here has: an explicit order, its resources, rules, errors that name it.

cdktf drops a composite construct from ``depends_on`` without a word and shows broken rules as a
JavaScript stack; both are put right here. It must not know any provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from gtc_constructs._bindings import (
    App,
    Construct,
    IValidation,
    TerraformResource,
    jsii,
)
from gtc_spec.errors import UsageError

_ID = re.compile(r"[A-Za-z0-9_-]+")
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


class Ordered(Protocol):
    """Anything that others can be made to wait for."""

    @property
    def resources(self) -> tuple[TerraformResource, ...]:
        """The Terraform resources that must be there before the others start."""
        ...


class GtcConstruct(Construct):
    """Parent of all constructs in this library.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope; changing it later replaces the resources.
        after: Constructs, or single resources, that must be there first. Order counts both ways:
            they are destroyed after this one. Default: nothing.

    Raises:
        UsageError: The id is none or taken, or ``after`` names something that makes nothing.
    """

    def __init__(
        self, scope: Construct, id: str, *, after: Iterable[Ordered | TerraformResource] = ()
    ) -> None:
        _check_id(scope, id)
        super().__init__(scope, id)
        self._rules = _Rules(self)
        self.node.add_validation(self._rules)
        self.depends_on: list[Any] = [
            resource for each in after for resource in self._waits_for(each)
        ]
        """Hand this to every outermost resource of the construct."""

    @property
    def resources(self) -> tuple[TerraformResource, ...]:
        """Every Terraform resource inside, for the ``depends_on`` of a resource of your own."""
        return tuple(each for each in self.node.find_all() if isinstance(each, TerraformResource))

    def problems(self) -> Iterator[str]:
        """Rules that can only be checked when the tree is complete, one sentence a problem."""
        yield from ()

    def refused(self, message: str, hint: str = "") -> UsageError:
        """The error for a bad argument of this construct: raise it."""
        return UsageError(f"{self.node.path}: {message}", hint)

    def require_name(self, what: str, name: str, limit: int = 63) -> None:
        """Check a name that ends up in Kubernetes or Helm.

        Raises:
            UsageError: It is no DNS label or has more than ``limit`` characters.
        """
        if not _DNS_LABEL.fullmatch(name):
            raise self.refused(
                f"{what} {name!r} is not a name, allowed: a-z, 0-9 and - between them"
            )
        if len(name) > limit:
            raise self.refused(
                f"{what} {name!r} has {len(name)} characters, allowed: at most {limit}"
            )

    def _waits_for(self, other: Ordered | TerraformResource) -> tuple[TerraformResource, ...]:
        if isinstance(other, TerraformResource):
            return (other,)
        if not other.resources:
            raise self.refused(
                f"after names {other} which creates no resource, allowed: constructs that do",
                "the order would be lost silently",
            )
        return other.resources


def _check_id(scope: Construct, id: str) -> None:
    """Refuse what cdktf would refuse with pages of JavaScript."""
    place = scope.node.path or "the app"
    if not _ID.fullmatch(id):
        raise UsageError(f"{place}: id {id!r}, allowed: A-Z, a-z, 0-9, _ and -")
    if scope.node.try_find_child(id) is not None:
        raise UsageError(f"{place} has a construct {id!r} already, allowed: another id")


@jsii.implements(IValidation)
class _Rules:
    """Lets cdktf ask a construct for its problems, also when someone else calls synth."""

    def __init__(self, construct: GtcConstruct) -> None:
        self._construct = construct

    def validate(self) -> list[str]:
        return list(self._construct.problems())


def synthesise(app: App) -> Path:
    """Check every rule, then write the Terraform configuration.

    Returns:
        The folder that was written.

    Raises:
        UsageError: Rules are broken; all of them are listed, one a line, each with its path.
    """
    problems = [
        f"{construct.node.path}: {problem}"
        for construct in app.node.find_all()
        if isinstance(construct, GtcConstruct)
        for problem in construct.problems()
    ]
    if problems:
        raise UsageError("\n".join(problems))
    try:
        app.synth()
    except RuntimeError as error:
        # a rule of cdktf itself, such as a missing provider; its stack is JavaScript
        sentence = re.split(r"\n\s+at ", str(error), maxsplit=1)[0]
        raise UsageError(" ".join(sentence.split())) from None
    return Path(app.outdir)
