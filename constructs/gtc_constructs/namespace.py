"""A namespace with its Pod Security levels, and how other constructs are put into one.

It must not know what runs inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gtc_constructs._bindings import (
    Construct,
    NamespaceV1,
    NamespaceV1Metadata,
    TerraformResource,
)
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.management import take
from gtc_spec import names
from gtc_spec.arguments import introduce
from gtc_spec.graph.existing import ExistingPlatform
from gtc_spec.manifests import namespaces


class Namespace(GtcConstruct):
    """One namespace.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        name: Name of the namespace.
        like: The namespace of ``gtc_spec.manifests.namespaces`` whose Pod Security levels it gets.
            Default: the one of the same name.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: The name is none, or there are no levels for it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        like: str = "",
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.require_name("namespace", name)
        like = like or name
        if like not in namespaces.LEVELS:
            allowed = ", ".join(namespaces.LEVELS)
            raise self.refused(
                f"no pod security levels like {like!r}, allowed: {allowed}",
                f'like="{names.NAMESPACE_WORKLOAD}" is for what is served',
            )
        self.require_unique(f"namespace {name}", "take the other one")
        self.name = name
        self.namespace = NamespaceV1(
            self,
            "Resource",
            metadata=NamespaceV1Metadata(
                name=name, labels=namespaces.namespace(like)["metadata"]["labels"]
            ),
            depends_on=self.depends_on,
        )


class HasWorkload(Protocol):
    """What makes the namespace of what is served: a `DynamoPlatform`."""

    @property
    def workload(self) -> Namespace:
        """That namespace."""
        ...


introduce(HasWorkload, "a DynamoPlatform")
Place = Namespace | HasWorkload | ExistingPlatform | str
"""Where something is put: a namespace of ours, the platform that makes it, or one that exists."""


def settle_in(construct: GtcConstruct, place: Place) -> str:
    """Put a construct into a namespace: it waits for one of ours.

    Returns:
        Name of the namespace.

    Raises:
        UsageError: Its name is none, or it is in another cluster.
    """
    if isinstance(place, ExistingPlatform):
        place = place.workload_namespace
    if isinstance(place, str):
        construct.require_name("namespace", place)
        return place
    made = place if isinstance(place, Namespace) else place.workload
    take(construct, made)
    return made.name
