"""Where Terraform keeps the state of a stack: a bucket of DigitalOcean Spaces.

Spaces speaks S3, and Terraform's backend of that name asks Amazon several questions that it cannot
answer; which ones is known here. Other backends are cdktf's own, see ``app``.
"""

from __future__ import annotations

import re
from typing import Final

from gtc_constructs._cdk import S3Backend, S3BackendEndpointConfig, TerraformStack
from gtc_spec.arguments import checked
from gtc_spec.cloud import spaces
from gtc_spec.errors import UsageError

_PREFIX: Final = r"([a-z0-9]([a-z0-9-]*[a-z0-9])?)?"


@checked
class SpacesBackend(S3Backend):
    """State in a bucket of Spaces, so that a team shares it. The bucket exists already.

    Terraform reads the key of the bucket from ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``.

    Args:
        stack: The stack whose state it is.
        bucket: Name of the bucket.
        region: Its region, such as ``nyc3``; Spaces is not in every region.
        key: Name of the object. Default: ``<id of the stack>.tfstate``.
        name_prefix: Put before the key as a folder, ``team-a/infra.tfstate``. Copies of a program
            that a ``name_prefix`` of their clusters tells apart need it in a bucket that they
            share: with one state for two, the second apply renames what the first has made.
            Default: nothing.
        lock: Whether an object beside it keeps two from applying at once: Terraform writes it only
            if it is not there, which the store has to understand. Default: yes.
        endpoint: Address of another S3 store. Default: the one of Spaces in ``region``.

    Raises:
        UsageError: Bucket, region or prefix cannot be one.
    """

    def __init__(
        self,
        stack: TerraformStack,
        *,
        bucket: str,
        region: str,
        key: str | None = None,
        name_prefix: str = "",
        lock: bool = True,
        endpoint: str | None = None,
    ) -> None:
        name = stack.node.id
        if not re.fullmatch(spaces.BUCKET, bucket):
            raise UsageError(
                f"{name}: got bucket {bucket!r}, allowed: 3 to 63 of a-z, 0-9, - and .",
                "a name alone, without s3:// and address",
            )
        if not re.fullmatch(spaces.REGION, region):
            raise UsageError(f"{name}: got region {region!r}, allowed: one of Spaces, such as nyc3")
        super().__init__(
            stack,
            bucket=bucket,
            key=_below(name_prefix, key or f"{name}.tfstate", name),
            # of Amazon's; the endpoint decides where the bucket is
            region="us-east-1",
            endpoints=S3BackendEndpointConfig(
                s3=endpoint or f"https://{region}.digitaloceanspaces.com"
            ),
            skip_credentials_validation=True,
            skip_metadata_api_check=True,
            skip_region_validation=True,
            skip_requesting_account_id=True,
            skip_s3_checksum=True,
            use_path_style=endpoint is not None,
        )
        self.add_override("use_lockfile", lock)


def _below(prefix: str, key: str, stack: str) -> str:
    if not re.fullmatch(_PREFIX, prefix):
        raise UsageError(
            f"{stack}: got name_prefix {prefix!r}, allowed: a-z, 0-9 and - inside",
            "the one of the cluster, without /",
        )
    return f"{prefix}/{key}" if prefix else key
