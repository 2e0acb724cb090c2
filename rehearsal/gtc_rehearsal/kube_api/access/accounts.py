"""Who asks: a bearer token stands for a ServiceAccount.

Without a token it is the administrator, as behind ``kubectl proxy``: the server listens on loopback
alone. Tokens live as long as the server.
"""

from __future__ import annotations

import secrets
from typing import Final

from gtc_rehearsal.kube_api.errors import unauthorized
from gtc_rehearsal.kube_api.resources import SERVICE_ACCOUNT
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.kube_api.write import USER

ADMINISTRATOR: Final = USER
"""The person with the kubeconfig: may do all."""
_PREFIX: Final = "system:serviceaccount:"
_BEARER: Final = "bearer "

Account = tuple[str, str]
"""(namespace, name) of a ServiceAccount."""


class Accounts:
    """The tokens of one server.

    Args:
        store: Holds the ServiceAccounts; a token ends with its account.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of_token: dict[str, tuple[Account, str]] = {}
        self._administrators: set[str] = set()

    def trust(self, token: str) -> None:
        """Take a token for the administrator's, as those in kubeconfigs of a cloud are."""
        self._administrators.add(token)

    def token(self, namespace: str, name: str) -> str:
        """A new token of an account.

        Raises:
            ApiError: 404 when there is no such account.
        """
        account = self._store.get(SERVICE_ACCOUNT, name, namespace)
        made = secrets.token_urlsafe(32)
        self._of_token[made] = (namespace, name), account["metadata"]["uid"]
        return made

    def user(self, authorization: str) -> str:
        """Who sent this Authorization header.

        Raises:
            ApiError: 401 for a token of nobody.
        """
        if not authorization:
            return ADMINISTRATOR
        token = authorization[len(_BEARER) :].strip()
        if token in self._administrators:
            return ADMINISTRATOR
        if not authorization.lower().startswith(_BEARER) or token not in self._of_token:
            raise unauthorized()
        (namespace, name), uid = self._of_token[token]
        if not self._store.exists(SERVICE_ACCOUNT, name, namespace):
            raise unauthorized()
        if self._store.get(SERVICE_ACCOUNT, name, namespace)["metadata"]["uid"] != uid:
            raise unauthorized()
        return user_of((namespace, name))


def user_of(account: Account) -> str:
    """The user that a ServiceAccount is."""
    return _PREFIX + ":".join(account)


def account_of(user: str) -> Account | None:
    """The ServiceAccount behind a user; None for other users."""
    namespace, colon, name = user.removeprefix(_PREFIX).partition(":")
    return (namespace, name) if user.startswith(_PREFIX) and colon else None
