"""A namespace with its Pod Security levels.

It must not know what runs inside.
"""

from __future__ import annotations

from collections.abc import Iterable

from gtc_constructs._bindings import (
    Construct,
    NamespaceV1,
    NamespaceV1Metadata,
    TerraformResource,
)
from gtc_constructs.base import GtcConstruct, Ordered
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
            raise self.refused(f"no pod security levels like {like!r}, allowed: {allowed}")
        self.name = name
        self.namespace = NamespaceV1(
            self,
            "Resource",
            metadata=NamespaceV1Metadata(
                name=name, labels=namespaces.namespace(like)["metadata"]["labels"]
            ),
            depends_on=self.depends_on,
        )
