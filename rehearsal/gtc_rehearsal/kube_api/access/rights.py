"""Whether an account may do what it asks for, by the Roles and RoleBindings in the store.

The rehearsal has no ClusterRoles. Of those that every real server has, it keeps what all
known users may: ask what is served, and ask what they may themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gtc_rehearsal.kube_api.access.accounts import ADMINISTRATOR, account_of
from gtc_rehearsal.kube_api.access.asked import Asked
from gtc_rehearsal.kube_api.errors import ApiError, forbidden
from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.kube_api.resources import ROLE, ROLE_BINDING, SERVICE_ACCOUNT
from gtc_rehearsal.kube_api.storage.admission import OPERATOR_ACCOUNTS
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_spec.kinds import ACCESS_REVIEW

_ANY = "*"
_DESCRIPTIONS = ("api", "apis", "healthz", "livez", "openapi", "readyz", "version")
"""First parts of the paths that system:discovery lets every known user read."""


class Rights:
    """Decides; the administrator and the operators that a rehearsal plays may do all.

    Args:
        store: Holds Roles and RoleBindings.

    Attributes:
        known: False while the server has not read its Roles yet, as in the first moments of a
            real one: it then refuses everything to every account.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.known = True

    def require(self, user: str, asked: Asked) -> None:
        """Pass what a user may.

        Raises:
            ApiError: 403 in the words of a real server.
        """
        if not self.allowed(user, asked):
            raise self._refusal(user, asked)

    def require_impersonation(self, user: str, other: str) -> None:
        """Pass who may act as somebody else.

        Raises:
            ApiError: 403 in the words of a real server.
        """
        if account := account_of(other):
            namespace, name = account
            asked = Asked("impersonate", SERVICE_ACCOUNT.plural, namespace=namespace, name=name)
        else:
            asked = Asked("impersonate", "users", name=other)
        self.require(user, asked)

    def allowed(self, user: str, asked: Asked) -> bool:
        """Whether a user may do this."""
        if user == ADMINISTRATOR or user.endswith(OPERATOR_ACCOUNTS):
            return True
        if not self.known:
            return False
        if _open_to_all(asked):
            return True
        return any(_covers(rule, asked) for rule in self._rules(user, asked.namespace))

    def _rules(self, user: str, namespace: str) -> Iterator[dict[str, Any]]:
        for binding in self._bindings(user, namespace):
            role = binding["roleRef"]["name"]
            if self._store.exists(ROLE, role, namespace):
                yield from self._store.get(ROLE, role, namespace).get("rules") or []

    def _bindings(self, user: str, namespace: str) -> Iterator[Object]:
        if not namespace:
            return
        for binding in self._store.select(ROLE_BINDING, namespace):
            if any(_is(subject, user) for subject in binding.get("subjects") or []):
                yield binding

    def _refusal(self, user: str, asked: Asked) -> ApiError:
        missing = [
            f'role.rbac.authorization.k8s.io "{binding["roleRef"]["name"]}" not found'
            for binding in self._bindings(user, asked.namespace)
            if not self._store.exists(ROLE, binding["roleRef"]["name"], asked.namespace)
        ]
        return forbidden(user, _words(asked), asked.resource, asked.group, asked.name, missing)


def _words(asked: Asked) -> str:
    if asked.path:
        return f'{asked.verb} path "{asked.path}"'
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    return f'{asked.verb} resource "{asked.whole_resource}" in API group "{asked.group}" {where}'


def _open_to_all(asked: Asked) -> bool:
    if asked.path:
        return asked.verb == "get" and asked.path.strip("/").split("/")[0] in _DESCRIPTIONS
    review = (ACCESS_REVIEW.group, ACCESS_REVIEW.plural)
    return (asked.group, asked.resource) == review and asked.verb == "create"


def _covers(rule: dict[str, Any], asked: Asked) -> bool:
    names = rule.get("resourceNames") or []
    return (
        _lists(rule, "verbs", asked.verb)
        and _lists(rule, "apiGroups", asked.group)
        and _lists(rule, "resources", asked.whole_resource)
        and (not names or asked.name in names)
    )


def _lists(rule: dict[str, Any], field: str, wanted: str) -> bool:
    granted = rule.get(field) or []
    return wanted in granted or _ANY in granted


def _is(subject: dict[str, Any], user: str) -> bool:
    if subject.get("kind") == SERVICE_ACCOUNT.kind:
        return account_of(user) == (subject.get("namespace"), subject.get("name"))
    return subject.get("kind") == "User" and subject.get("name") == user
