"""Release, made by ``make docs`` of its provider's schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Required, Unpack

from gtc_constructs._cdk import Construct
from gtc_constructs.terraform.element import Block, Meta, Resource, number, other, text, texts
from gtc_spec.versions import PROVIDER_HELM


@dataclass(frozen=True, kw_only=True)
class ReleasePostrender(Block):
    """Arguments that stand together."""

    binary_path: str
    args: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class ReleaseSet(Block):
    """Arguments that stand together."""

    name: str
    type: str | None = None
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReleaseSetList(Block):
    """Arguments that stand together."""

    name: str
    value: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ReleaseSetSensitive(Block):
    """Arguments that stand together."""

    name: str
    value: str
    type: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReleaseSetWo(Block):
    """Arguments that stand together."""

    name: str
    value: str
    type: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReleaseTimeouts(Block):
    """Arguments that stand together."""

    create: str | None = None
    delete: str | None = None
    read: str | None = None
    update: str | None = None


class ReleaseArguments(Meta, total=False):
    """Arguments of ``Release``."""

    atomic: bool | None
    chart: Required[str]
    cleanup_on_fail: bool | None
    create_namespace: bool | None
    dependency_update: bool | None
    description: str | None
    devel: bool | None
    disable_crd_hooks: bool | None
    disable_openapi_validation: bool | None
    disable_webhooks: bool | None
    force_update: bool | None
    keyring: str | None
    lint: bool | None
    max_history: float | None
    name: Required[str]
    namespace: str | None
    pass_credentials: bool | None
    postrender: ReleasePostrender | None
    recreate_pods: bool | None
    render_subchart_notes: bool | None
    replace: bool | None
    repository: str | None
    repository_ca_file: str | None
    repository_cert_file: str | None
    repository_key_file: str | None
    repository_password: str | None
    repository_username: str | None
    reset_values: bool | None
    reuse_values: bool | None
    set: Sequence[ReleaseSet] | None
    set_list: Sequence[ReleaseSetList] | None
    set_sensitive: Sequence[ReleaseSetSensitive] | None
    set_wo: Sequence[ReleaseSetWo] | None
    set_wo_revision: float | None
    skip_crds: bool | None
    take_ownership: bool | None
    timeout: float | None
    timeouts: ReleaseTimeouts | None
    upgrade_install: bool | None
    values: Sequence[str] | None
    verify: bool | None
    version: str | None
    wait: bool | None
    wait_for_jobs: bool | None


class Release(Resource):
    """Resource ``helm_release`` of provider helm."""

    TYPE = "helm_release"
    PROVIDER = PROVIDER_HELM
    ARGUMENTS = ReleaseArguments

    atomic = other()
    chart = text()
    cleanup_on_fail = other()
    create_namespace = other()
    dependency_update = other()
    description = text()
    devel = other()
    disable_crd_hooks = other()
    disable_openapi_validation = other()
    disable_webhooks = other()
    force_update = other()
    id = text()
    keyring = text()
    lint = other()
    manifest = text()
    max_history = number()
    metadata = other()
    name = text()
    namespace = text()
    pass_credentials = other()
    postrender = other()
    recreate_pods = other()
    render_subchart_notes = other()
    replace = other()
    repository = text()
    repository_ca_file = text()
    repository_cert_file = text()
    repository_key_file = text()
    repository_password = text()
    repository_username = text()
    reset_values = other()
    resources = other()
    reuse_values = other()
    set = other()
    set_list = other()
    set_sensitive = other()
    set_wo = other()
    set_wo_revision = number()
    skip_crds = other()
    status = text()
    take_ownership = other()
    timeout = number()
    timeouts = other()
    upgrade_install = other()
    values = texts()
    verify = other()
    version = text()
    wait = other()
    wait_for_jobs = other()

    def __init__(self, scope: Construct, id: str, **arguments: Unpack[ReleaseArguments]) -> None:
        super().__init__(scope, id, arguments)
