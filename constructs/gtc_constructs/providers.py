"""The providers of a stack: DigitalOcean's there once, and those of a cluster not forgotten.

The token comes from the environment (DIGITALOCEAN_TOKEN or DIGITALOCEAN_ACCESS_TOKEN) when
Terraform runs, never through Python. This module must not know what the provider is used for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gtc_constructs._bindings import (
    App,
    Construct,
    DigitaloceanProvider,
    TerraformProvider,
    TerraformResource,
    TerraformStack,
)
from gtc_spec import versions


def require_digitalocean(scope: Construct) -> None:
    """See that the stack of ``scope`` has the provider; one of your own is taken as it is."""
    stack = TerraformStack.of(scope)
    name = versions.PROVIDER_DIGITALOCEAN.name
    if not any(
        isinstance(each, TerraformProvider) and each.terraform_resource_type == name
        for each in stack.node.find_all()
    ):
        DigitaloceanProvider(stack, name)
    stack.add_override(
        "terraform.required_providers.digitalocean.version",
        versions.PROVIDER_DIGITALOCEAN.version,
    )


def require_terraform(scope: Construct) -> None:
    """Refuse a Terraform that cannot keep secrets out of the state."""
    TerraformStack.of(scope).add_override(
        "terraform.required_version", f">= {versions.TERRAFORM_MIN}"
    )


def doubled(app: App) -> Iterator[str]:
    """Providers that a stack has twice, and no alias to tell them apart."""
    seen: dict[tuple[str, str, str | None], TerraformProvider] = {}
    for each in app.node.find_all():
        if isinstance(each, TerraformProvider):
            kind, stack = each.terraform_resource_type, TerraformStack.of(each).node.path
            first = seen.setdefault((stack, kind, each.alias), each)
            if first is not each:
                yield (
                    f"{stack}: {first.node.path} and {each.node.path} are both its provider "
                    f"{kind}, allowed: one; make yours before what uses it, or give it an alias"
                )


_CONNECTED: Final = frozenset({"helm", "kubernetes"})
"""Providers that a connection brings."""


def unconnected(app: App) -> Iterator[str]:
    """Stacks with resources inside a cluster, and nothing that says which cluster."""
    for stack in app.node.find_all():
        if not isinstance(stack, TerraformStack):
            continue
        inside = stack.node.find_all()
        kinds = {
            each.terraform_resource_type.partition("_")[0]
            for each in inside
            if isinstance(each, TerraformResource)
        }
        there = {
            each.terraform_resource_type for each in inside if isinstance(each, TerraformProvider)
        }
        if lost := sorted(kinds & _CONNECTED - there):
            yield (
                f"{stack.node.path}: nothing says to which cluster its {' and '.join(lost)} "
                "resources go, allowed: a ClusterConnection or a KubeconfigConnection in the stack"
            )
