"""What every construct here has: an explicit order, its resources, rules, errors that name it.

cdktf drops a composite construct from ``depends_on`` and what ``node.add_dependency`` was told,
both without a word, writes an order across stacks that Terraform refuses, and shows broken rules as
a JavaScript stack; all of it is put right here. It must not know any provider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gtc_constructs._bindings import (
    App,
    Aspects,
    Construct,
    IAspect,
    IConstruct,
    IValidation,
    TerraformResource,
    TerraformStack,
    jsii,
)
from gtc_constructs.providers import doubled, unconnected
from gtc_constructs.terraform.ids import check_id
from gtc_spec.arguments import checked, checking, introduce
from gtc_spec.errors import UsageError

introduce(Construct, "a stack or a construct")
introduce(TerraformResource, "a resource")
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_Kind = TypeVar("_Kind")
_Method = TypeVar("_Method", bound=Callable[..., Any])


class Ordered(Protocol):
    """Anything that others can be made to wait for."""

    @property
    def resources(self) -> tuple[TerraformResource, ...]:
        """The Terraform resources that must be there before the others start."""
        ...


introduce(Ordered, "a construct")


def held(method: _Method) -> _Method:
    """Refuse arguments of a wrong type to a method of a construct, naming its path."""
    return checking(method, lambda arguments: str(arguments["self"].node.path))


def _place(arguments: Mapping[str, Any]) -> str:
    """The path that a construct is about to have, or its class where it cannot have one."""
    scope, id = arguments.get("scope"), arguments.get("id")
    if isinstance(scope, Construct):
        return f"{scope.node.path}/{id}".lstrip("/")
    return f"{type(arguments['self']).__name__} {id}"


def _placed(init: _Method) -> _Method:
    return checking(init, _place)


class GtcConstruct(Construct):
    """Parent of all constructs in this library.

    Arguments of a wrong type are refused, also those of a class that inherits from this one.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope; changing it later replaces the resources.
        after: Constructs, or single resources, that must be there first. Order counts both ways:
            they are destroyed after this one. Default: nothing.

    Raises:
        UsageError: An argument has a wrong type, the id is none or taken, the scope is in no stack,
            or ``after`` names something that makes nothing.
    """

    def __init_subclass__(cls, **choices: Any) -> None:
        super().__init_subclass__(**choices)
        if "__init__" in vars(cls):
            cls.__init__ = _placed(vars(cls)["__init__"])  # type: ignore[method-assign]

    @_placed
    def __init__(
        self, scope: Construct, id: str, *, after: Iterable[Ordered | TerraformResource] = ()
    ) -> None:
        _check_scope(scope, id)
        check_id(scope, id)
        super().__init__(scope, id)
        self._rules = _Rules(self)
        self.node.add_validation(self._rules)
        _keep_order(TerraformStack.of(self))
        self.depends_on: list[Any] = []
        """Hand this to every outermost resource of the construct."""
        self.wait_for(*after)

    def wait_for(self, *others: Ordered | TerraformResource) -> None:
        """Put others first, before anything of this construct is made.

        What is in another stack makes that whole stack come first.

        Raises:
            UsageError: One of them makes nothing.
        """
        stack = TerraformStack.of(self)
        for resource in (resource for each in others for resource in self._waits_for(each)):
            if (home := TerraformStack.of(resource)) is stack:
                self.depends_on.append(resource)
            else:
                stack.add_dependency(home)

    def stands_for(self, resource: TerraformResource) -> None:
        """Say which resource is the heart of this construct: its ``node.default_child``."""
        self.node.default_child = resource

    def others(self, kind: type[_Kind]) -> Iterator[_Kind]:
        """Constructs of a kind that are made in the same stack, which is the same cluster."""
        for each in TerraformStack.of(self).node.find_all():
            if isinstance(each, kind) and each is not self:
                yield each

    def refuse_a_second(self, kind: type[GtcConstruct]) -> None:
        """Refuse a second of this ``kind``, of which a cluster can have one only.

        Raises:
            UsageError: The stack has one already.
        """
        for other in self.others(kind):
            raise self.refused(
                f"{other.node.path} is a {kind.__name__} already, allowed: one a cluster",
                "pass that one on, or put this one into the stack of another cluster",
            )

    @property
    def resources(self) -> tuple[TerraformResource, ...]:
        """Every Terraform resource inside, for the ``depends_on`` of a resource of your own."""
        return _resources_in(self)

    def problems(self) -> Iterator[str]:
        """Rules that can only be checked when the tree is complete, one sentence a problem."""
        yield from ()

    def refused(self, message: str, hint: str = "") -> UsageError:
        """The error for a bad argument: raise it. ``message`` follows the path, then ``hint``."""
        return UsageError(f"{self.node.path}: {message}", hint)

    def require_name(self, what: str, name: str, limit: int = 63) -> None:
        """Check a name that ends up in Kubernetes or Helm; a message calls it ``what``.

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

    def require_unique(self, what: str, hint: str = "") -> None:
        """Check that nothing else in the stack makes what a cluster can have only one of.

        Raises:
            UsageError: Another one of the same stack makes it already; ``hint`` says what to do.
        """
        # a stack has one connection, so another stack may well be another cluster
        made = vars(TerraformStack.of(self)).setdefault("gtc_made", {})
        other = made.setdefault(what, self)
        if other is not self:
            raise self.refused(
                f"{other.node.path} makes {what} already, allowed: one a stack", hint
            )

    def _waits_for(self, other: Ordered | TerraformResource) -> tuple[TerraformResource, ...]:
        if isinstance(other, TerraformResource):
            return (other,)
        if not other.resources:
            raise self.refused(
                f"after names {_called(other)}, which creates no resource, allowed: constructs "
                "that do",
                "the order would be lost silently",
            )
        return other.resources


def _check_scope(scope: Construct, id: str) -> None:
    if not any(isinstance(each, TerraformStack) for each in scope.node.scopes):
        place = scope.node.path or "the app"
        raise UsageError(
            f"{id}: {place} is in no stack, allowed: a TerraformStack, or a construct in one",
            'make one: stack = TerraformStack(app, "workload")',
        )


def _called(other: Ordered) -> str:
    return other.node.path if isinstance(other, Construct) else f"a {type(other).__name__}"


def _keep_order(stack: TerraformStack) -> None:
    """See once a stack that what ``node.add_dependency`` is told reaches the resources."""
    if not any(isinstance(each, _Order) for each in Aspects.of(stack).all):
        Aspects.of(stack).add(_Order())


@jsii.implements(IAspect)
class _Order:
    """Writes the dependencies of constructs into the resources inside, which cdktf leaves out."""

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, GtcConstruct):
            for other in node.node.dependencies:
                _put_first(other, node)


def _put_first(first: IConstruct, then: GtcConstruct) -> None:
    stack, inside = TerraformStack.of(then), set(then.resources)
    for resource in _resources_in(first):
        if (home := TerraformStack.of(resource)) is not stack:
            stack.add_dependency(home)
        elif resource not in inside:
            # a bare address: with ${} around it Terraform refuses it in depends_on
            address = f"{resource.terraform_resource_type}.{resource.friendly_unique_id}"
            for each in inside:
                each.depends_on = [*(each.depends_on or []), address]


def _resources_in(construct: IConstruct) -> tuple[TerraformResource, ...]:
    return tuple(each for each in construct.node.find_all() if isinstance(each, TerraformResource))


@jsii.implements(IValidation)
class _Rules:
    """Lets cdktf ask a construct for its problems, also when someone else calls synth."""

    def __init__(self, construct: GtcConstruct) -> None:
        self._construct = construct

    def validate(self) -> list[str]:
        return list(_problems(self._construct))


def _problems(construct: GtcConstruct) -> Iterator[str]:
    for other in construct.node.dependencies:
        if not _resources_in(other):
            yield (
                f"add_dependency names {other.node.path} which creates no resource, "
                "allowed: constructs that do"
            )
    yield from construct.problems()


@checked
def synthesise(app: App) -> Path:
    """Check every rule, then write the Terraform configuration.

    Args:
        app: The app with its stacks.

    Returns:
        The folder that was written.

    Raises:
        UsageError: Rules are broken; all of them are listed, one a line, each with its path.
    """
    problems = [
        f"{construct.node.path}: {problem}"
        for construct in app.node.find_all()
        if isinstance(construct, GtcConstruct)
        for problem in _problems(construct)
    ] + [*unconnected(app), *doubled(app)]
    if problems:
        raise UsageError("\n".join(problems))
    try:
        app.synth()
    except RuntimeError as error:
        # a rule of cdktf itself, such as a missing provider; its stack is JavaScript
        sentence = re.split(r"\n\s+at ", str(error), maxsplit=1)[0]
        raise UsageError(" ".join(sentence.split())) from None
    return Path(app.outdir)
