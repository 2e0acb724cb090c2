"""The DigitalOcean provider of a stack: there once, in a version that knows NFS hosts and tiers.

The token comes from the environment (DIGITALOCEAN_TOKEN or DIGITALOCEAN_ACCESS_TOKEN) when
Terraform runs, never through Python. This module must not know what the provider is used for.
"""

from __future__ import annotations

from gtc_constructs._bindings import (
    Construct,
    DigitaloceanProvider,
    TerraformProvider,
    TerraformStack,
)
from gtc_spec import versions


def require_digitalocean(scope: Construct) -> None:
    """See that the stack of ``scope`` has the provider; one of your own is taken as it is."""
    stack = TerraformStack.of(scope)
    name = versions.PROVIDER_DIGITALOCEAN.name
    if not any(
        isinstance(each, TerraformProvider) and each.terraform_resource_type == name
        for each in stack.node.children
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
