"""What the panel and the guardian may do in the workload namespace, and nowhere else.

Never: create, delete, secrets, exec, deployments, the whole cluster. ``patch`` on ScaledObjects
cannot be limited to annotations by RBAC; everything else that is written is limited by name. Lists
by name pass with ``fieldSelector=metadata.name=`` only. Nothing is granted that nobody uses: a test
plays the demo and compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gtc_spec import kinds, names
from gtc_spec.cloud.images import pull_secrets
from gtc_spec.engines.traits import Traits
from gtc_spec.environment import Environment
from gtc_spec.kinds import Kind
from gtc_spec.manifests.metadata import Manifest, metadata
from gtc_spec.pools import ROLES

PANEL_ACCOUNT: Final = f"{names.DEMO}-panel"
GUARDIAN_ACCOUNT: Final = f"{names.DEMO}-guardian"
JOBS_ACCOUNT: Final = f"{names.DEMO}-models"

_SCALERS: Final = [names.scaler(role) for role in ROLES]
_HPAS: Final = [names.hpa(name) for name in _SCALERS]


def panel_access(env: Environment, image: str) -> list[Manifest]:
    """ServiceAccount, Role and RoleBinding of the panel; ``image`` is our own."""
    return _access(env, PANEL_ACCOUNT, image, _panel_rules(env.engine.traits))


def guardian_access(env: Environment, image: str) -> list[Manifest]:
    """ServiceAccount, Role and RoleBinding of the guardian: it can only un-pause KEDA."""
    return _access(env, GUARDIAN_ACCOUNT, image, _pause_rules())


def account_without_token(metadata: Manifest, image: str) -> Manifest:
    """A ServiceAccount whose pods cannot talk to Kubernetes; the model jobs run under one."""
    return {**_account(metadata, image), "automountServiceAccountToken": False}


def scaling_rules(adapters: Sequence[str]) -> list[Manifest]:
    """The right to read, follow and set the replicas behind these scaling adapters."""
    return [
        _rule(kinds.DGDSA, ["get", "list", "watch"], adapters),
        _scales(adapters, "get", "patch"),
    ]


def role_and_binding(
    metadata: Manifest, rules: Sequence[Manifest], account: str, account_namespace: str
) -> list[Manifest]:
    """A Role with these rules, bound to one ServiceAccount; both are called the same."""
    return [
        {
            **kinds.ROLE.type_meta,
            "metadata": metadata,
            "rules": list(rules),
        },
        {
            **kinds.ROLE_BINDING.type_meta,
            "metadata": metadata,
            "roleRef": {
                "apiGroup": kinds.ROLE.group,
                "kind": kinds.ROLE.kind,
                "name": metadata["name"],
            },
            "subjects": [
                {
                    "kind": kinds.SERVICE_ACCOUNT.kind,
                    "name": account,
                    "namespace": account_namespace,
                }
            ],
        },
    ]


def _panel_rules(engine: Traits) -> list[Manifest]:
    adapters = [names.pool_dgdsa(role, engine.name) for role in ROLES]
    return [
        _rule(kinds.DGDSA, ["get"], adapters),
        _scales(adapters, "patch"),
        # the digest stamped on it is compared with our own
        _rule(kinds.DGD, ["get"], [names.DEMO]),
        *_pause_rules(),
        _rule(kinds.POD, ["list"]),
    ]


def _pause_rules() -> list[Manifest]:
    """What whoever pauses and resumes KEDA needs: the Lease, and where it is written down."""
    return [
        _rule(kinds.LEASE, ["get", "update"], [names.LEASE]),
        _rule(kinds.SCALED_OBJECT, ["get", "patch"], _SCALERS),
        _rule(kinds.HPA, ["get"], _HPAS),
        _rule(kinds.CONFIG_MAP, ["get", "patch"], [names.STATE_CONFIG_MAP]),
    ]


def _scales(adapters: Sequence[str], *verbs: str) -> Manifest:
    # never patch on the adapter itself: its spec also says which service it scales
    return _rule(kinds.DGDSA, verbs, adapters, subresource="scale")


def _rule(
    kind: Kind,
    verbs: Sequence[str],
    resource_names: Sequence[str] | None = None,
    subresource: str = "",
) -> Manifest:
    resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
    limited = {} if resource_names is None else {"resourceNames": list(resource_names)}
    return {"apiGroups": [kind.group], "resources": [resource], "verbs": list(verbs), **limited}


def _account(metadata: Manifest, image: str) -> Manifest:
    kind = {**kinds.SERVICE_ACCOUNT.type_meta, "metadata": metadata}
    return {**kind, **pull_secrets(image)}


def _access(env: Environment, account: str, image: str, rules: list[Manifest]) -> list[Manifest]:
    return [
        _account(metadata(env, account, names.NAMESPACE_PANEL), image),
        *role_and_binding(metadata(env, account), rules, account, names.NAMESPACE_PANEL),
    ]
