"""The one place that imports cdktf, or its fork, and what both stand on.

cdktf is archived; its community fork cdktn has the same classes under another name. Which one is
meant is decided here and nowhere else: ``GTC_CDK=cdktf`` or ``cdktn``, by default the one that is
installed, cdktf before its fork. It must not know any provider.
"""

from __future__ import annotations

import importlib.util
import os
from importlib import import_module
from typing import TYPE_CHECKING, Final

ALLOWED: Final = ("cdktf", "cdktn")
CDK: Final = os.environ.get("GTC_CDK") or next(
    (each for each in ALLOWED if importlib.util.find_spec(each)), ALLOWED[0]
)
"""The package that this process uses."""
if CDK not in ALLOWED:
    raise ImportError(f"GTC_CDK={CDK}, allowed: {' or '.join(ALLOWED)}")

# the value is the major version whose nine lines on stderr are not wanted; newer ones print nothing
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

import jsii
from constructs import Construct, IConstruct, IValidation

__all__ = [
    "CDK",
    "App",
    "Aspects",
    "AssetType",
    "AzurermBackend",
    "CloudBackend",
    "Construct",
    "Fn",
    "GcsBackend",
    "HttpBackend",
    "IAspect",
    "IConstruct",
    "ITerraformDependable",
    "IValidation",
    "LocalBackend",
    "NamedCloudWorkspace",
    "Postcondition",
    "Precondition",
    "S3Backend",
    "S3BackendEndpointConfig",
    "TerraformAsset",
    "TerraformBackend",
    "TerraformDataSource",
    "TerraformElement",
    "TerraformLocal",
    "TerraformOutput",
    "TerraformProvider",
    "TerraformProviderGeneratorMetadata",
    "TerraformResource",
    "TerraformResourceLifecycle",
    "TerraformStack",
    "TerraformVariable",
    "Testing",
    "Token",
    "jsii",
]

if TYPE_CHECKING:
    from cdktf import (
        App,
        Aspects,
        AssetType,
        AzurermBackend,
        CloudBackend,
        Fn,
        GcsBackend,
        HttpBackend,
        IAspect,
        ITerraformDependable,
        LocalBackend,
        NamedCloudWorkspace,
        Postcondition,
        Precondition,
        S3Backend,
        S3BackendEndpointConfig,
        TerraformAsset,
        TerraformBackend,
        TerraformDataSource,
        TerraformElement,
        TerraformLocal,
        TerraformOutput,
        TerraformProvider,
        TerraformProviderGeneratorMetadata,
        TerraformResource,
        TerraformResourceLifecycle,
        TerraformStack,
        TerraformVariable,
        Testing,
        Token,
    )
else:
    _of = import_module(CDK)
    globals().update({name: getattr(_of, name) for name in __all__ if hasattr(_of, name)})
