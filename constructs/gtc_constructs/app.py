"""What a program of your own needs of cdktf itself.

Taken from here instead of from cdktf, Node 20 keeps quiet about its age, and a move to cdktf's fork
is not your edit.
"""

from gtc_constructs._cdk import (
    App,
    AzurermBackend,
    CloudBackend,
    GcsBackend,
    HttpBackend,
    LocalBackend,
    NamedCloudWorkspace,
    S3Backend,
    TerraformOutput,
    TerraformStack,
)
from gtc_constructs.base import synthesise

__all__ = [
    "App",
    "AzurermBackend",
    "CloudBackend",
    "GcsBackend",
    "HttpBackend",
    "LocalBackend",
    "NamedCloudWorkspace",
    "S3Backend",
    "TerraformOutput",
    "TerraformStack",
    "synthesise",
]
