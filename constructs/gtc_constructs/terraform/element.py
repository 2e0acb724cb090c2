"""What the generated classes stand on: arguments go in, references come out.

They are thin: an argument is handed on as cdktf's own override, and reading one gives a reference
that Terraform resolves. So they work with cdktf and its fork alike, and follow the version of a
provider that is deployed instead of the last one that somebody published bindings for. This module
must not know any provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final, Generic, TypedDict, TypeVar

from gtc_constructs._cdk import (
    Construct,
    ITerraformDependable,
    TerraformDataSource,
    TerraformElement,
    TerraformProvider,
    TerraformResource,
    TerraformResourceLifecycle,
)
from gtc_spec.versions import Provider

T = TypeVar("T")


class Meta(TypedDict, total=False):
    """Arguments that every resource and data source has; cdktf's own."""

    depends_on: Sequence[ITerraformDependable] | None
    lifecycle: TerraformResourceLifecycle | None
    provider: TerraformProvider | None
    count: float | None


class ProviderMeta(TypedDict, total=False):
    """What every provider has; cdktf's own."""

    alias: str | None


@dataclass(frozen=True, kw_only=True)
class Block:
    """Arguments that stand together inside others."""


class Attribute(Generic[T]):
    """An attribute: a reference when it is read, an argument when it is set."""

    def __init__(self, getter: str) -> None:
        self._getter: Final = getter

    def __set_name__(self, owner: type[Any], name: str) -> None:
        """Learn what the attribute is called."""
        self._name = name

    def __get__(self, element: Any, owner: type[Any]) -> T:
        """The reference; known when Terraform has read or made the thing."""
        found: T = getattr(element, self._getter)(self._name)
        return found

    def __set__(self, element: TerraformElement, value: T) -> None:
        """Give the argument another value, whatever the class gave it."""
        element.add_override(self._name, plain(value))


def text() -> Attribute[str]:
    """A string."""
    return Attribute("get_string_attribute")


def number() -> Attribute[float]:
    """A number."""
    return Attribute("get_number_attribute")


def texts() -> Attribute[Sequence[str]]:
    """A list or a set of strings."""
    return Attribute("get_list_attribute")


def other() -> Attribute[Any]:
    """Anything else, a truth value too: only Terraform can look into the reference."""
    return Attribute("interpolation_for_attribute")


class Item:
    """One object of a list that the provider fills."""

    def __init__(self, element: Any, path: str) -> None:
        self._element, self._path = element, path

    def get_string_attribute(self, name: str) -> str:
        """The reference to a string inside."""
        found: str = self._element.get_string_attribute(f"{self._path}.{name}")
        return found


Kind = TypeVar("Kind", bound=Item)


class ItemList(Generic[Kind]):
    """A list that the provider fills."""

    def __init__(self, of: type[Kind], element: Any, path: str) -> None:
        self._of, self._element, self._path = of, element, path

    def get(self, index: int) -> Kind:
        """The object at a place, counted from 0."""
        return self._of(self._element, f"{self._path}[{index}]")


class Items(Generic[Kind]):
    """The attribute that is such a list."""

    def __init__(self, of: type[Kind]) -> None:
        self._of = of

    def __set_name__(self, owner: type[Any], name: str) -> None:
        """Learn what the attribute is called."""
        self._name = name

    def __get__(self, element: Any, owner: type[Any]) -> ItemList[Kind]:
        """The list, its objects known when Terraform has read or made the thing."""
        return ItemList(self._of, element, self._name)


class Resource(TerraformResource):
    """A resource of a provider."""

    TYPE: ClassVar[str]
    PROVIDER: ClassVar[Provider]
    ARGUMENTS: ClassVar[type[Any]]

    def __init__(self, scope: Construct, id: str, given: Mapping[str, Any]) -> None:
        meta, arguments = _sorted_out(type(self).__name__, self.ARGUMENTS, given)
        super().__init__(
            scope,
            id,
            terraform_resource_type=self.TYPE,
            terraform_generator_metadata=_metadata(self.PROVIDER),
            **meta,
        )
        _give(self, arguments)


class DataSource(TerraformDataSource):
    """Something that a provider reads."""

    TYPE: ClassVar[str]
    PROVIDER: ClassVar[Provider]
    ARGUMENTS: ClassVar[type[Any]]

    def __init__(self, scope: Construct, id: str, given: Mapping[str, Any]) -> None:
        meta, arguments = _sorted_out(type(self).__name__, self.ARGUMENTS, given)
        super().__init__(
            scope,
            id,
            terraform_resource_type=self.TYPE,
            terraform_generator_metadata=_metadata(self.PROVIDER),
            **meta,
        )
        _give(self, arguments)


class ProviderBlock(TerraformProvider):
    """The configuration of a provider in a stack."""

    PROVIDER: ClassVar[Provider]
    ARGUMENTS: ClassVar[type[Any]]

    def __init__(self, scope: Construct, id: str, given: Mapping[str, Any]) -> None:
        _, arguments = _sorted_out(type(self).__name__, self.ARGUMENTS, given)
        super().__init__(
            scope,
            id,
            terraform_resource_type=self.PROVIDER.name,
            terraform_generator_metadata=_metadata(self.PROVIDER),
            terraform_provider_source=self.PROVIDER.address,
        )
        if alias := arguments.get("alias"):
            self.alias = alias  # by which resources name it
        _give(self, arguments)


def plain(value: Any) -> Any:
    """A value as Terraform reads it: blocks as objects, without what is not given."""
    if isinstance(value, Block):
        return plain({each.name: getattr(value, each.name) for each in fields(value)})
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in value]
    return value


def _sorted_out(
    name: str, allowed: Any, given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of cdktf and of the provider, each with a value.

    Raises:
        TypeError: One is missing or unknown.
    """
    known = frozenset(allowed.__required_keys__ | allowed.__optional_keys__)
    if unknown := sorted(given.keys() - known):
        raise TypeError(f"{name} got {', '.join(unknown)}, allowed: {', '.join(sorted(known))}")
    told = {key: value for key, value in given.items() if value is not None}
    if missing := sorted(allowed.__required_keys__ - told.keys()):
        raise TypeError(f"{name} got no {', '.join(missing)}")
    meta = {key: told.pop(key) for key in Meta.__annotations__ if key in told}
    return meta, told


def _metadata(provider: Provider) -> dict[str, str]:
    return {
        "provider_name": provider.name,
        "provider_version": provider.version,
        "provider_version_constraint": provider.version,
    }


def _give(element: TerraformElement, arguments: Mapping[str, Any]) -> None:
    for name, value in sorted(arguments.items()):
        element.add_override(name, plain(value))
